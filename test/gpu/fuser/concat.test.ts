import { compilePlan } from '../../../src/compiler/compile';
import { GraphBuilder } from '../../../src/ir/builder';
import { sizeOf } from '../../../src/ir/graph';
import { checkFused } from '../../support/differential';
import { softwareTarget } from '../../unit/fused-kernels/target';

const float = (b: GraphBuilder, shape: readonly number[]) => b.input({ shape, dtype: 'float32' });
const window = {
  strides: [1, 1],
  dilations: [1, 1],
  pad: { top: 0, bottom: 0, left: 0, right: 0 },
};
const conv = (b: GraphBuilder, x: ReturnType<typeof float>, channels: number) =>
  b.op('Conv2D', [x, float(b, [1, 1, x.shape[3], channels])], window);

describe('concatenations that kernels store into', () => {
  test.each([
    ['channels, aligned', 3, 4, 8],
    ['channels, unaligned', 3, 3, 6],
    ['rows', 1, 4, 4],
  ])('%s', async (_name, axis, left, right) => {
    const plan = await checkFused((b) => {
      const x = float(b, [1, 3, 5, 4]);
      const parts = [b.op('Relu', [conv(b, x, left)]), conv(b, x, right)];
      return b.op('Concat', parts, { axis });
    });
    expect(plan.dispatches).toHaveLength(2);
  });

  test('inside one another', async () => {
    const plan = await checkFused((b) => {
      const x = float(b, [1, 3, 5, 4]);
      const first = b.op('Concat', [conv(b, x, 4), conv(b, x, 3)], { axis: 3 });
      return b.op('Concat', [first, conv(b, x, 5)], { axis: 3 });
    });
    expect(plan.dispatches).toHaveLength(3);
  });

  test('whose parts have other readers', () =>
    checkFused((b) => {
      const x = float(b, [1, 3, 5, 4]);
      const part = conv(b, x, 4);
      const whole = b.op('Concat', [part, conv(b, x, 4)], { axis: 3 });
      return [whole, b.op('Sum', [part], { axes: [1, 2], keepDims: false })];
    }));

  test('of layers that each read all before them', () =>
    checkFused((b) => {
      let x = float(b, [1, 3, 4, 4]);
      for (let layer = 0; layer < 3; layer++) {
        x = b.op('Concat', [x, b.op('Relu', [conv(b, x, 4)])], { axis: 3 });
      }
      return x;
    }));
});

describe('concatenations that are read part by part', () => {
  const window3 = { ...window, pad: { top: 1, bottom: 1, left: 1, right: 1 } };

  /** A tile without slices, and not unrolled: what a software driver compiles soonest. */
  const quick = { unrolls: false, choose: () => '32x32x16 4x4' } as const;

  /** Known to be finite: half of the text is there for filters that may not be. */
  const finite = (b: GraphBuilder, shape: readonly number[]) =>
    b.hostConstant(
      shape,
      'float32',
      Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7) % 5) - 2),
    );

  test.each([
    ['aligned', [4, 8, 4], finite],
    ['unaligned', [3, 5, 1], float],
    ['some aligned', [4, 3, 8, 2], finite],
  ])('by a convolution, %s', async (_name, channels, filterOf) => {
    const plan = await checkFused(
      (b) => {
        const parts = channels.map((count) => float(b, [2, 5, 6, count]));
        const x = b.op('Concat', parts, { axis: 3 });
        return b.op('Conv2D', [x, filterOf(b, [3, 3, x.shape[3], 8])], window3);
      },
      { overrides: quick },
    );
    expect(plan.dispatches).toHaveLength(1);
  });

  test('one inside another, and through elementwise kernels', async () => {
    const plan = await checkFused(
      (b) => {
        const part = (channels: number) => float(b, [1, 3, 4, channels]);
        const inner = b.op('Relu', [b.op('Concat', [part(4), part(3)], { axis: 3 })]);
        const x = b.op('Concat', [part(2), inner, b.op('Neg', [part(4)])], { axis: 3 });
        return conv(b, b.op('Add', [x, float(b, [13])]), 4);
      },
      { overrides: quick },
    );
    expect(plan.dispatches).toHaveLength(1);
  });

  test.each([
    ['as it is', false],
    ['transposed', true],
  ])('by a matrix product, %s', async (_name, transposeA) => {
    const plan = await checkFused((b) => {
      const axis = transposeA ? 1 : 2;
      const parts = [4, 6, 1].map((depth) => float(b, transposeA ? [2, depth, 5] : [2, 5, depth]));
      const x = b.op('Concat', parts, { axis });
      return b.op('BatchMatMul', [x, float(b, [2, 11, 4])], { transposeA, transposeB: false });
    });
    expect(plan.dispatches).toHaveLength(1);
  });

  test('unless there are more parts than a kernel can bind', () => {
    const b = new GraphBuilder();
    const parts = Array.from({ length: 7 }, () => float(b, [1, 3, 4, 4]));
    b.graph.outputs = [conv(b, b.op('Concat', parts, { axis: 3 }), 4)];
    const { dispatches } = compilePlan(b.graph, softwareTarget, 'test');
    expect(dispatches.map(({ label }) => label)).toEqual(['Concat', 'Conv2D']);
  });

  test('by the layers of a dense block, each of which reads all before it', async () => {
    const plan = await checkFused(
      (b) => {
        const parts = [float(b, [1, 6, 5, 4])];
        for (let layer = 0; layer < 3; layer++) {
          const x = layer === 0 ? parts[0] : b.op('Concat', [...parts], { axis: 3 });
          const filter = finite(b, [3, 3, x.shape[3], 4]);
          parts.push(b.op('Relu', [b.op('Conv2D', [x, filter], window3)]));
        }
        return b.op('Add', [conv(b, b.op('Concat', parts, { axis: 3 }), 4), parts[0]]);
      },
      { overrides: quick },
    );
    expect(plan.dispatches).toHaveLength(4);
  });
});

describe('concatenations of what is gathered from one value', () => {
  const picks = (b: GraphBuilder, shape: readonly number[], extent: number) => {
    const given = b.op('Abs', [b.input({ shape, dtype: 'int32' })]);
    return b.op('Mod', [given, b.scalar(extent, 'int32')]);
  };

  test.each([
    ['rows', 0, 0, [3, 7, 1]],
    ['rows, aligned', 0, 0, [4, 8]],
    ['columns', 2, 2, [5, 2]],
    ['rows of every image', 1, 1, [1, 2, 3, 4, 5, 6, 7]],
  ])('%s', async (_name, axis, along, counts) => {
    const plan = await checkFused((b) => {
      const x = float(b, [3, 5, 7]);
      const parts = counts.map((count) =>
        b.op('GatherV2', [x, picks(b, [count], x.shape[axis])], { axis, batchDims: 0 }),
      );
      return b.op('Concat', parts, { axis: along });
    });
    expect(plan.record.rewrites.map(({ rule }) => rule)).toContain('join-gathers');
  });

  test('as indices of another gather', () =>
    checkFused((b) => {
      const x = float(b, [9, 4]);
      const parts = [3, 2].map((count) =>
        b.op('GatherV2', [x, picks(b, [count], 9)], { axis: 0, batchDims: 0 }),
      );
      const all = b.op('Concat', parts, { axis: 0 });
      return b.op('GatherV2', [all, picks(b, [6], 5)], { axis: 0, batchDims: 0 });
    }));
});

describe('concatenations that are copied', () => {
  test('of inputs, the same one twice, and a constant', () =>
    checkFused((b) => {
      const x = float(b, [2, 3]);
      const five = b.hostConstant([2, 1], 'float32', [5, 6]);
      return b.op('Concat', [x, five, x], { axis: 1 });
    }));

  test('of outputs', () =>
    checkFused((b) => {
      const x = float(b, [1, 3, 5, 4]);
      const parts = [conv(b, x, 4), conv(b, x, 4)];
      return [b.op('Concat', parts, { axis: 3 }), ...parts];
    }));

  test('of more values than a kernel can bind', () =>
    checkFused((b) =>
      b.op(
        'Concat',
        Array.from({ length: 70 }, () => float(b, [2, 1])),
        { axis: 1 },
      ),
    ));

  test.each(['int32', 'bool'] as const)('%s', (dtype) =>
    checkFused((b) =>
      b.op('Concat', [b.input({ shape: [3, 2], dtype }), b.input({ shape: [3, 5], dtype })], {
        axis: 1,
      }),
    ),
  );
});
