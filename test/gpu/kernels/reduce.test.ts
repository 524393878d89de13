import type { DType } from '../../../src/ir/graph';
import { checkFused, labelsOf, TARGETS } from '../../support/differential';
import type { ToleranceName } from '../../support/tolerance';

const kernels: readonly (readonly [kernel: string, dtype: DType, tolerance: ToleranceName])[] = [
  ['Sum', 'float32', 'exact'],
  ['Sum', 'int32', 'exact'],
  ['Mean', 'float32', 'arithmetic'],
  ['Mean', 'int32', 'arithmetic'],
  ['Max', 'float32', 'exact'],
  ['Max', 'int32', 'exact'],
  ['Min', 'float32', 'exact'],
  ['Min', 'int32', 'exact'],
  ['All', 'bool', 'exact'],
  ['Any', 'bool', 'exact'],
];

/** Shape and axes: first, last, inner, several, all; four at a time or not; shared by a workgroup. */
const spaces: readonly (readonly [shape: readonly number[], axes: readonly number[]])[] = [
  [[7], [0]],
  [[6, 8], [0]],
  [[5, 7], [1]],
  [
    [2, 3, 4],
    [0, 2],
  ],
  [[3, 5, 2, 4], [1]],
  [
    [2, 3, 5, 7],
    [0, 1, 2, 3],
  ],
  [
    [1, 13, 11, 4],
    [1, 2],
  ],
  [[3, 261], [1]],
  [[300, 3], [0]],
  [[5, 8], [1]],
  [
    [3, 20, 4],
    [2, 0],
  ],
  [[2, 1028], [1]],
];

describe.each(kernels)('%s of %s', (kernel, dtype, tolerance) => {
  const rows = spaces.map(([shape, axes]) => [shape.join('×'), axes.join(), shape, axes] as const);
  test.each(rows)('%s over %s', async (_shape, _axes, shape, axes) => {
    for (const keepDims of [false, true]) {
      const plan = await checkFused(
        (b) => b.op(kernel, [b.input({ shape, dtype })], { axes, keepDims }),
        { tolerance, targets: TARGETS },
      );
      expect(labelsOf(plan)).toEqual([kernel]);
    }
  });
});

describe('few results of many elements, in two dispatches', () => {
  test.each([
    ['Sum', 'int32', [256, 260], [0, 1], 'exact'],
    ['Mean', 'float32', [3, 65536], [1], 'arithmetic'],
    ['Max', 'float32', [70000], [0], 'exact'],
    ['Any', 'bool', [2, 300, 300], [1, 2], 'exact'],
  ] as const)('%s of %s %p', async (kernel, dtype, shape, axes, tolerance) => {
    const plan = await checkFused(
      (b) => b.op(kernel, [b.input({ shape, dtype })], { axes, keepDims: false }),
      { tolerance, targets: TARGETS },
    );
    expect(labelsOf(plan)).toEqual([kernel, kernel]);
  });
});

describe('Prod', () => {
  test.each([
    ['float32', [3, 5], [1]],
    ['int32', [4, 8], [0]],
    ['float32', [2, 130], [1]],
  ] as const)('%s %p', (dtype, shape, axes) =>
    // Ones and minus ones: a product of more is soon no integer that float32 holds.
    checkFused(
      (b) => b.op('Prod', [b.op('Sign', [b.input({ shape, dtype })])], { axes, keepDims: false }),
      { targets: TARGETS },
    ),
  );
});

describe.each(['ArgMax', 'ArgMin'])('%s', (kernel) => {
  test.each([
    ['the last axis', 'float32', [5, 7], 1],
    ['an inner axis', 'float32', [2, 5, 4], 1],
    ['the first axis', 'int32', [6, 8], 0],
    ['one element', 'float32', [3, 1], 1],
    // Values repeat often: the first of them counts.
    ['a long axis', 'float32', [3, 259], 1],
    ['a long first axis', 'int32', [300, 2], 0],
  ] as const)('%s', async (_name, dtype, shape, axis) => {
    const plan = await checkFused((b) => b.op(kernel, [b.input({ shape, dtype })], { axis }), {
      targets: TARGETS,
    });
    expect(labelsOf(plan)).toEqual([kernel]);
  });
});

describe('real numbers', () => {
  test.each(['Sum', 'Mean'])('%s', (kernel) =>
    checkFused(
      (b) => {
        const x = b.input({ shape: [4, 300], dtype: 'float32' });
        // Around 1: with both signs, the result would be small beside what is summed.
        const shifted = b.op('Add', [x, b.scalar(2)]);
        return b.op(kernel, [shifted], { axes: [1], keepDims: false });
      },
      { tolerance: 'summation' },
    ),
  );
});
