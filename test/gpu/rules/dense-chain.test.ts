/** Small dense layers one after the other, as one kernel. */
import type { GraphBuilder } from '../../../src/ir/builder';
import type { Shape, Value } from '../../../src/ir/graph';
import { checkFused, labelsOf, ADAPTERS, type Build } from '../../support/differential';

const plain = { transposeA: false, transposeB: false };

/** Whole numbers from −2 to 2, sparse enough for sums of sums to stay exact. */
function weight(b: GraphBuilder, shape: Shape, scale = 1): Value {
  const size = shape.reduce((product, dim) => product * dim, 1);
  const values = Array.from({ length: size }, (_, i) => {
    const hash = Math.imul(i + size, 2654435761) >>> 0;
    return hash % 3 === 0 ? ((hash >>> 8) % 5) - 2 : 0;
  });
  return b.hostConstant(
    shape,
    'float32',
    values.map((value) => value * scale),
  );
}

function dense(b: GraphBuilder, x: Value, columns: number, scale = 1): Value {
  const depth = x.shape[x.shape.length - 1];
  const y = b.op('BatchMatMul', [x, weight(b, [depth, columns], scale)], plain);
  return b.op('Add', [y, weight(b, [columns], scale)]);
}

/** Dense layers of these widths with `activation` in between. */
function chain(rows: number, widths: readonly number[], activation = 'Relu', scale = 1): Build {
  return (b) => {
    let x = b.input({ shape: [rows, widths[0]], dtype: 'float32' });
    widths.slice(1).forEach((columns, i) => {
      x = dense(b, x, columns, scale);
      if (i + 2 < widths.length) x = b.op(activation, [x]);
    });
    return x;
  };
}

describe('sizes', () => {
  test.each<[number, number[]]>([
    [1, [1, 1, 1]],
    [1, [16, 8, 16]],
    [1, [96, 24, 96]],
    [3, [7, 11, 5]],
    [13, [5, 8, 3]],
    [5, [8, 13, 4]],
    [64, [8, 16, 4]],
    [61, [12, 20, 7, 10]],
    [2, [1024, 6, 4]],
    [9, [600, 12, 3]],
    [7, [3, 251, 4]],
  ])('%d rows through %j', async (rows, widths) => {
    const plan = await checkFused(chain(rows, widths), { targets: ADAPTERS });
    expect(labelsOf(plan)).toEqual(['DenseChain → Add']);
  });

  test('real numbers through 128, 256, 256 and 64', async () => {
    const build = chain(64, [128, 256, 256, 64], 'Sigmoid', 1 / 16);
    const plan = await checkFused(build, { tolerance: 'transcendental' });
    expect(labelsOf(plan)).toEqual(['DenseChain → Add']);
  });
});

describe('what stands between, before and after', () => {
  const input = (b: GraphBuilder, shape: Shape) => b.input({ shape, dtype: 'float32' });
  const check = async (build: Build, label: string) => {
    const plan = await checkFused(build, { targets: ADAPTERS });
    expect(labelsOf(plan)).toEqual([label]);
  };

  test('an expression with operands of rows, columns and both, and a condition', () =>
    check((b) => {
      const h = dense(b, input(b, [6, 8]), 12);
      const scaled = b.op('Multiply', [h, input(b, [6, 1])]);
      const sum = b.op('Add', [b.op('Add', [scaled, input(b, [6, 12])]), b.scalar(2)]);
      const isPositive = b.op('Greater', [sum, input(b, [12])]);
      return dense(b, b.op('Select', [isPositive, sum, b.op('Neg', [h])]), 5);
    }, 'DenseChain → Add'));

  test('reshapes, a prologue, a residual', () =>
    check((b) => {
      const x = input(b, [2, 3, 8]);
      const rows = b.reshape(b.op('Abs', [b.op('Neg', [x])]), [6, 8]);
      const h = b.reshape(b.op('Relu', [dense(b, rows, 12)]), [2, 3, 12]);
      const y = dense(b, b.reshape(h, [6, 12]), 8);
      return b.op('Relu', [b.op('Add', [b.reshape(y, [2, 3, 8]), x])]);
    }, 'Abs → DenseChain → Add → Reshape → Add → Relu'));

  test('transposed and batched weights', () =>
    check((b) => {
      const attrs = { transposeA: false, transposeB: true };
      const h = b.op('BatchMatMul', [input(b, [2, 3, 5]), weight(b, [1, 7, 5])], attrs);
      return b.op('BatchMatMul', [b.op('Relu', [h]), weight(b, [1, 4, 7])], attrs);
    }, 'DenseChain → Reshape'));

  test('convolutions of one pixel, as in a squeeze-and-excite block', () =>
    check((b) => {
      const one = [1, 1];
      const pad = { top: 0, bottom: 0, left: 0, right: 0 };
      const attrs = { strides: one, dilations: one, pad };
      const h = b.op('Conv2D', [input(b, [2, 1, 1, 12]), weight(b, [1, 1, 12, 4])], attrs);
      const y = b.op('Conv2D', [b.op('Relu', [h]), weight(b, [1, 1, 4, 12])], attrs);
      return b.op('Relu6', [b.op('Add', [y, weight(b, [12])])]);
    }, 'DenseChain → Reshape → Add → Relu6'));

  test('NaN and infinities stay in their rows', async () => {
    const plan = await checkFused(chain(5, [4, 8, 3]), {
      targets: ADAPTERS,
      inputs: [[NaN, 1, 1, 1, Infinity, 0, 0, 0, 1, 2, 3, 4, -Infinity, 1, 1, 1, 5, 6, 7, 8]],
    });
    expect(labelsOf(plan)).toEqual(['DenseChain → Add']);
  });

  test('a hidden layer that is an output stays in memory', async () => {
    const plan = await checkFused((b) => {
      const h = b.op('Relu', [dense(b, input(b, [4, 8]), 8)]);
      return [h, dense(b, h, 4)];
    });
    expect(labelsOf(plan)).toHaveLength(2);
  });
});
