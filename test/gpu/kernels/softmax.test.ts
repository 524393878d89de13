import { checkFused, labelsOf, TARGETS } from '../../support/differential';

describe.each(['Softmax', 'LogSoftmax'])('%s', (kernel) => {
  test.each([
    ['one element', [1]],
    ['a prime', [3, 7]],
    ['a multiple of 4', [2, 3, 8]],
    ['a row for a workgroup', [3, 257]],
    ['a row of vectors for a workgroup', [2, 2, 128]],
    ['many rows', [70, 5]],
  ] as const)('%s', async (_name, shape) => {
    const plan = await checkFused((b) => b.op(kernel, [b.input({ shape, dtype: 'float32' })]), {
      tolerance: 'transcendental',
      targets: TARGETS,
    });
    expect(labelsOf(plan)).toEqual([kernel]);
  });

  test('large logits do not overflow', () =>
    checkFused(
      (b) => {
        const x = b.input({ shape: [3, 8], dtype: 'float32' });
        return b.op(kernel, [b.op('Multiply', [x, b.scalar(4)])]);
      },
      {
        tolerance: 'transcendental',
        inputs: [Array.from({ length: 24 }, (_, i) => 1000 + (i % 5))],
      },
    ));

  test('NaN and infinities stay in their rows', () =>
    checkFused((b) => b.op(kernel, [b.input({ shape: [5, 4], dtype: 'float32' })]), {
      tolerance: 'transcendental',
      inputs: [
        [1, 2, 3, 4].concat(
          [NaN, 1, 2, 3],
          [Infinity, 1, 2, 3],
          [-Infinity, 1, 2, 3],
          Array<number>(4).fill(-Infinity),
        ),
      ],
      targets: ['software'],
    }));
});
