/** Two products of the same rows, one of which switches the other, as one kernel. */
import type { GraphBuilder } from '../../../src/ir/builder';
import type { Shape, Value } from '../../../src/ir/graph';
import { checkFused, labelsOf, ADAPTERS } from '../../support/differential';

interface Case {
  readonly x: Shape;
  readonly weights: Shape;
  readonly transposeB?: boolean;
}

function weight(b: GraphBuilder, shape: Shape, seed: number): Value {
  const size = shape.reduce((product, dim) => product * dim, 1);
  const values = Array.from({ length: size }, (_, i) => ((i * 7 + seed) % 11) - 5);
  return b.hostConstant(shape, 'float32', values);
}

/** f(x · a + c) · (x · b) */
function gated(b: GraphBuilder, { x: shape, weights, transposeB = false }: Case, f: string) {
  const x = b.input({ shape, dtype: 'float32' });
  const product = (seed: number) =>
    b.op('BatchMatMul', [x, weight(b, weights, seed)], { transposeA: false, transposeB });
  const gate = product(3);
  const columns = gate.shape[gate.shape.length - 1];
  const shifted = b.op('Add', [gate, weight(b, [columns], 5)]);
  return b.op('Multiply', [b.op(f, [shifted]), product(8)]);
}

describe('gated products', () => {
  test.each<[string, Case]>([
    ['one of everything', { x: [1, 1], weights: [1, 1] }],
    ['one row', { x: [1, 256], weights: [256, 64] }],
    ['one row of odd sizes', { x: [1, 131], weights: [131, 37] }],
    ['a few rows', { x: [5, 160], weights: [160, 44] }],
    ['odd sizes', { x: [13, 7], weights: [7, 11] }],
    ['vectors', { x: [24, 12], weights: [12, 20] }],
    ['transposed weights', { x: [9, 8], weights: [12, 8], transposeB: true }],
    ['a batch', { x: [2, 5, 8], weights: [1, 8, 12] }],
  ])('%s', async (_name, sizes) => {
    const plan = await checkFused((b) => gated(b, sizes, 'Relu'), { targets: ADAPTERS });
    expect(plan.dispatches).toHaveLength(1);
    expect(labelsOf(plan)[0]).toMatch(/^GatedMatMul/);
  });

  test('SiLU, then what follows', async () => {
    const plan = await checkFused(
      (b) => {
        const x = b.input({ shape: [6, 16], dtype: 'float32' });
        const small = (seed: number) =>
          b.hostConstant(
            [16, 12],
            'float32',
            Array.from({ length: 192 }, (_, i) => Math.sin(i * seed)),
          );
        const plain = { transposeA: false, transposeB: false };
        const gate = b.op('BatchMatMul', [x, small(1)], plain);
        const silu = b.op('Multiply', [gate, b.op('Sigmoid', [gate])]);
        const y = b.op('Multiply', [silu, b.op('BatchMatMul', [x, small(2)], plain)]);
        return b.op('Add', [y, b.input({ shape: [6, 12], dtype: 'float32' })]);
      },
      { targets: ADAPTERS, tolerance: 'transcendental' },
    );
    expect(labelsOf(plan)).toEqual(['GatedMatMul → Add']);
  });

  test('NaN and infinities stay in their rows', () =>
    checkFused((b) => gated(b, { x: [3, 4], weights: [4, 8] }, 'Relu'), {
      inputs: [[NaN, 1, 1, 1, 1, 2, 3, 4, Infinity, 1, 1, 1]],
    }));
});
