/** For every rule, a graph in which it fires, and the class of adapter where it does. */
import type { GraphBuilder } from '../../../src/ir/builder';
import { input as slot } from '../../../src/ir/expression';
import { sizeOf, type Shape, type Value } from '../../../src/ir/graph';
import { CELLS, unroll } from '../recurrent-cells';
import type { AdapterClass } from '../../../src/fused-kernels/target';
import { seededNumbers } from '../small-graph-model';

/** A graph, and which kernels are chosen for it. */
export interface PlantCase {
  readonly build: (b: GraphBuilder) => Value | Value[];
  /** Of GPUs where it is not said. */
  readonly adapter?: AdapterClass;
}

const plain = { transposeA: false, transposeB: false };
const noPad = { top: 0, bottom: 0, left: 0, right: 0 };
const windowAttrs = { strides: [1, 1], dilations: [1, 1], pad: noPad };

export const input = (b: GraphBuilder, ...shape: number[]): Value =>
  b.input({ shape, dtype: 'float32' });

export function weight(b: GraphBuilder, shape: Shape, seed = 1): Value {
  return b.hostConstant(shape, 'float32', seededNumbers(seed, sizeOf(shape)));
}

/** Larger than what the builder folds on the host, so that rules meet it as weights. */
const matmul = (b: GraphBuilder, x: Value, columns: number, seed = 1): Value => {
  const depth = x.shape.at(-1) as number;
  const ones = x.shape.slice(2).map(() => 1);
  return b.op('BatchMatMul', [x, weight(b, [...ones, depth, columns], seed)], plain);
};

const conv = (b: GraphBuilder, x: Value, columns: number, seed = 1, size = 1): Value => {
  const filter = weight(b, [size, size, x.shape[3], columns], seed);
  return b.op('Conv2D', [x, filter], windowAttrs);
};

const reduce = (b: GraphBuilder, kernel: string, x: Value): Value =>
  b.op(kernel, [x], { axes: [x.shape.length - 1], keepDims: true });

const epsilon = (b: GraphBuilder, x: Value): Value => b.op('Add', [x, b.scalar(1e-3)]);

const unary = (...kernels: string[]): PlantCase => ({
  build: (b) => kernels.reduceRight((x, kernel) => b.op(kernel, [x]), input(b, 3, 5)),
});

const binary = (kernel: string, constant?: number): PlantCase => ({
  build: (b) => {
    const x = b.op('Sin', [input(b, 3, 5)]);
    const y = constant === undefined ? x : weight(b, [1]);
    return b.op(kernel, [x, constant === undefined ? y : b.scalar(constant)]);
  },
});

const attend = (heads: number, queries: number, keys: number, depth: number): PlantCase => ({
  build: (b) => {
    const [q, k, v] = [queries, keys, keys].map((rows) => input(b, heads, rows, depth));
    const scores = b.op('BatchMatMul', [q, k], { transposeA: false, transposeB: true });
    const scaled = b.op('Multiply', [scores, b.scalar(0.3)]);
    return b.op('BatchMatMul', [b.op('Softmax', [scaled]), v], plain);
  },
});

const centred = (b: GraphBuilder, x: Value) => b.op('Sub', [x, reduce(b, 'Mean', x)]);
const shiftedExp = (b: GraphBuilder, x: Value) => {
  const shifted = b.op('Sub', [x, reduce(b, 'Max', x)]);
  return { shifted, exp: b.op('Exp', [shifted]) };
};

export const RULE_CASES: Readonly<Record<string, PlantCase>> = {
  'merge-reshapes': {
    // The builder would not make two of them.
    build: (b) => {
      const reshape = (x: Value, shape: Shape): Value =>
        b.graph.node('Reshape', [x], {}, [{ shape, dtype: 'float32' }], ['node']).outputs[0];
      return b.op('Sin', [reshape(reshape(input(b, 3, 4), [2, 6]), [4, 3])]);
    },
  },
  'merge-transposes': {
    build: (b) => b.transpose(b.transpose(input(b, 2, 3, 4), [1, 0, 2]), [2, 1, 0]),
  },
  'times-one': binary('Multiply', 1),
  'over-one': binary('RealDiv', 1),
  'minus-zero': binary('Sub', 0),
  'negative-of-negative': unary('Neg', 'Neg', 'Sin'),
  'not-not': {
    build: (b) => {
      const positive = b.op('Greater', [input(b, 3, 5), b.scalar(0.1)]);
      return b.op('LogicalNot', [b.op('LogicalNot', [positive])]);
    },
  },
  'maximum-of-same': binary('Maximum'),
  'minimum-of-same': binary('Minimum'),
  'abs-of-negative': unary('Abs', 'Neg'),
  'square-of-negative': unary('Square', 'Neg'),
  'square-of-abs': unary('Square', 'Abs'),
  'relu-again': unary('Relu', 'Relu'),
  'relu6-again': unary('Relu6', 'Relu6'),
  'abs-again': unary('Abs', 'Abs'),
  'floor-again': unary('Floor', 'Floor'),
  'ceil-again': unary('Ceil', 'Ceil'),
  'round-again': unary('Round', 'Round'),
  'sign-again': unary('Sign', 'Sign'),
  'sink-broadcast': {
    build: (b) => b.op('Add', [input(b, 3, 5), b.broadcastTo(input(b, 5), [3, 5])]),
  },
  'sink-constant': {
    build: (b) => {
      const heads = b.reshape(matmul(b, input(b, 6, 8), 12), [6, 3, 4]);
      return b.op('Add', [heads, weight(b, [3, 4], 5)]);
    },
  },
  'fold-pad': {
    build: (b) => {
      const paddings = [
        [0, 0],
        [1, 2],
        [0, 1],
        [0, 0],
      ];
      const x = b.op('PadV2', [input(b, 1, 6, 5, 3)], { paddings, constantValue: 0 });
      return conv(b, x, 4, 1, 3);
    },
  },
  'fold-scale': {
    build: (b) => b.op('Multiply', [conv(b, input(b, 1, 6, 5, 3), 4), weight(b, [4], 7)]),
  },
  'fold-linear': {
    build: (b) => {
      const hidden = b.op('Add', [matmul(b, input(b, 6, 5), 40), weight(b, [40], 3)]);
      return matmul(b, hidden, 7, 2);
    },
  },
  'needless-maximum': {
    build: (b) => b.op('Maximum', [b.op('Exp', [input(b, 3, 5)]), b.scalar(0)]),
  },
  'needless-minimum': {
    build: (b) => b.op('Minimum', [b.op('Relu6', [input(b, 3, 5)]), b.scalar(6)]),
  },
  'merge-constant-add': {
    build: (b) =>
      b.op('Add', [b.op('Add', [input(b, 3, 5), weight(b, [5], 2)]), weight(b, [5], 3)]),
  },
  'join-gathers': {
    build: (b) => {
      const x = b.op('Sin', [input(b, 6, 5)]);
      const parts = [[3], [2, 2]].map((rows) => {
        const indices = b.reshape(b.input({ shape: rows, dtype: 'int32' }), [sizeOf(rows)]);
        const inside = b.op('Mod', [b.op('Abs', [indices]), b.scalar(6, 'int32')]);
        return b.op('GatherV2', [x, inside], { axis: 0, batchDims: 0 });
      });
      return b.op('Concat', parts, { axis: 0 });
    },
  },
  'layer-norm': {
    build: (b) => {
      const c = centred(b, input(b, 4, 16));
      const variance = reduce(b, 'Mean', b.op('Square', [c]));
      return b.op('Multiply', [c, b.op('Rsqrt', [epsilon(b, variance)])]);
    },
  },
  'rms-norm': {
    build: (b) => {
      const x = input(b, 4, 16);
      const power = reduce(b, 'Mean', b.op('Square', [x]));
      return b.op('Multiply', [x, b.op('Rsqrt', [epsilon(b, power)])]);
    },
  },
  'l2-norm': {
    build: (b) => {
      const x = input(b, 4, 16);
      const power = reduce(b, 'Sum', b.op('Square', [x]));
      return b.op('Multiply', [x, b.op('Rsqrt', [b.op('Maximum', [power, b.scalar(1e-6)])])]);
    },
  },
  softmax: {
    build: (b) => {
      const { exp } = shiftedExp(b, input(b, 4, 9));
      return b.op('RealDiv', [exp, reduce(b, 'Sum', exp)]);
    },
  },
  'log-softmax': {
    build: (b) => {
      const { shifted, exp } = shiftedExp(b, input(b, 4, 9));
      return b.op('Sub', [shifted, b.op('Log', [reduce(b, 'Sum', exp)])]);
    },
  },
  attention: attend(2, 5, 7, 8),
  moments: {
    build: (b) => {
      const x = input(b, 4, 16);
      const mean = reduce(b, 'Mean', x);
      const c = b.op('Sub', [x, mean]);
      return [mean, reduce(b, 'Mean', b.op('Square', [c]))];
    },
  },
  'pool-positions': {
    build: (b) => {
      const x = input(b, 1, 6, 6, 5);
      const attrs = { ...windowAttrs, filterSize: [3, 2] };
      return [b.op('MaxPool', [x], attrs), b.ops('MaxPoolPositions', [x], attrs)[1]];
    },
  },
  'gated-product': {
    build: (b) => {
      const x = input(b, 5, 12);
      return b.op('Multiply', [b.op('Sigmoid', [matmul(b, x, 8)]), matmul(b, x, 8, 2)]);
    },
  },
  'stack-rows': {
    build: (b) => {
      const x = input(b, 3, 2, 8);
      const w = input(b, 8, 5);
      return [0, 1, 2].map((at) => {
        const rows = b.reshape(b.slice(x, [at, 0, 0], [1, 2, 8]), [2, 8]);
        return b.op('Sin', [b.op('BatchMatMul', [rows, w], plain)]);
      });
    },
  },
  recurrence: {
    build: (b) => unroll(b, CELLS.GRU, { steps: 4, rows: 3, units: 8, depth: 5 }).states,
  },
  'recurrent-product': {
    build: (b) => {
      const all = b.op('Add', [matmul(b, input(b, 3, 8), 20), input(b, 20)]);
      const [i, f, g, o] = [0, 1, 2, 3].map((at) => b.slice(all, [0, 5 * at], [3, 5]));
      const state = b.op('Add', [
        b.op('Multiply', [b.op('Sigmoid', [f]), input(b, 3, 5)]),
        b.op('Multiply', [b.op('Sigmoid', [i]), b.op('Tanh', [g])]),
      ]);
      return [state, b.op('Multiply', [b.op('Sigmoid', [o]), b.op('Tanh', [state])])];
    },
  },
  'widen-dense': {
    build: (b) => {
      const x = input(b, 6, 16);
      return [1, 2].map((seed) => reduce(b, 'Sum', matmul(b, x, 12, seed)));
    },
  },
  'widen-convolution': {
    build: (b) => {
      const x = input(b, 1, 9, 9, 8);
      return [8, 12].map((columns, i) =>
        conv(b, b.op('Relu', [conv(b, x, columns, 3 * i + 1)]), 4, 3 * i + 2, 3),
      );
    },
  },
  'split-reduction': {
    build: (b) => b.op('Max', [input(b, 2, 1 << 16)], { axes: [1], keepDims: false }),
  },
  'split-attention': { ...attend(1, 1, 512, 8), adapter: 'nvidia' },
  'compose-attention': {
    build: (b) => {
      const operands = [3, 4, 4].map((rows) => input(b, 1, rows, 260));
      return b.op('Attention', operands, { score: slot(0, 'float32') });
    },
  },
  'dense-chain': { build: (b) => matmul(b, b.op('Relu', [matmul(b, input(b, 4, 12), 16)]), 8, 2) },
  'depthwise-pointwise': {
    build: (b) => {
      const x = input(b, 1, 6, 6, 8);
      const deep = b.op('DepthwiseConv2dNative', [x, weight(b, [3, 3, 8, 1])], windowAttrs);
      return conv(b, b.op('Relu6', [deep]), 12, 2);
    },
  },
  mish: {
    build: (b) => {
      const x = input(b, 3, 5);
      return b.op('Multiply', [x, b.op('Tanh', [b.op('Softplus', [x])])]);
    },
  },
  'split-cumsum': {
    build: (b) =>
      b.op('Cumsum', [input(b, 2, 4096)], { axis: 1, exclusive: false, reverse: false }),
  },
  'split-depth': { build: (b) => matmul(b, input(b, 32, 2048), 64) },
};

/** For every kernel family, a graph of which it computes a part. */
export const FAMILY_CASES: Readonly<Record<string, PlantCase>> = {
  conv2d: { build: (b) => b.op('Relu', [conv(b, input(b, 1, 7, 6, 5), 9, 1, 3)]) },
  'conv2d-transpose': {
    build: (b) =>
      b.op(
        'Conv2DBackpropInput',
        [input(b, 1, 4, 5, 3), weight(b, [3, 3, 6, 3])],
        { strides: [2, 2], pad: { top: 0, bottom: 1, left: 0, right: 1 } },
        ['node'],
        [1, 8, 10, 6],
      ),
  },
  depthwise: {
    build: (b) =>
      b.op('DepthwiseConv2dNative', [input(b, 1, 6, 6, 8), weight(b, [3, 3, 8, 1])], windowAttrs),
  },
  matmul: { build: (b) => b.op('Tanh', [matmul(b, input(b, 9, 17), 11)]) },
  'gated-matmul': RULE_CASES['gated-product'],
  'recurrent-matmul': RULE_CASES['recurrent-product'],
  recurrence: RULE_CASES.recurrence,
  'dense-chain': RULE_CASES['dense-chain'],
  'depthwise-pointwise': RULE_CASES['depthwise-pointwise'],
  'max-pool': {
    build: (b) => b.op('MaxPool', [input(b, 1, 6, 6, 5)], { ...windowAttrs, filterSize: [3, 2] }),
  },
  'avg-pool': {
    build: (b) => b.op('AvgPool', [input(b, 1, 6, 6, 5)], { ...windowAttrs, filterSize: [3, 2] }),
  },
  'max-pool-positions': {
    build: (b) => [
      ...b.ops('MaxPoolPositions', [input(b, 1, 6, 6, 5)], { ...windowAttrs, filterSize: [3, 2] }),
    ],
  },
  'max-pool-grad': {
    build: (b) => {
      const attrs = { ...windowAttrs, filterSize: [3, 2] };
      const [, positions] = b.ops('MaxPoolPositions', [input(b, 1, 6, 6, 5)], attrs);
      return b.op('MaxPoolGrad', [input(b, ...positions.shape), positions], attrs, ['node'], [1, 6, 6, 5]); // prettier-ignore
    },
  },
  'avg-pool-grad': {
    build: (b) => {
      const pad = { top: 0, bottom: 0, left: 0, right: 0 };
      const attrs = { strides: [2, 1], dilations: [1, 1], pad, filterSize: [3, 2] };
      return b.op('AvgPoolGrad', [input(b, 1, 3, 6, 5)], attrs, ['node'], [1, 7, 7, 5]);
    },
  },
  'depthwise-grad': {
    build: (b) => {
      const attrs = {
        strides: [2, 2],
        dilations: [1, 1],
        pad: { top: 1, bottom: 1, left: 1, right: 1 },
      };
      const operands = [input(b, 1, 4, 3, 8), weight(b, [3, 3, 8, 1])];
      return b.op('DepthwiseConv2dNativeBackpropInput', operands, attrs, ['node'], [1, 7, 6, 8]);
    },
  },
  reduce: { build: (b) => b.op('Exp', [reduce(b, 'Sum', input(b, 5, 37))]) },
  'arg-reduce': { build: (b) => b.op('ArgMax', [input(b, 5, 37)], { axis: 1 }) },
  softmax: { build: (b) => b.op('Softmax', [input(b, 5, 37)]) },
  normalize: RULE_CASES['layer-norm'],
  moments: RULE_CASES.moments,
  attention: RULE_CASES.attention,
  'attention-part': RULE_CASES['split-attention'],
  'attention-merge': RULE_CASES['split-attention'],
  cumulative: {
    build: (b) => b.op('Cumsum', [input(b, 5, 9)], { axis: 1, exclusive: true, reverse: true }),
  },
  'non-max-suppression': {
    build: (b) => {
      const attrs = { iouThreshold: 0.3, scoreThreshold: -1, softNmsSigma: 0.5 };
      return [
        ...b.ops('NonMaxSuppression', [input(b, 11, 4), input(b, 11)], {
          ...attrs,
          maxOutputSize: 7,
        }),
      ];
    },
  },
  'top-k': { build: (b) => [...b.ops('TopK', [input(b, 5, 37)], { k: 4, partLength: 37 })] },
  where: { build: (b) => [...b.ops('Where', [b.op('Greater', [input(b, 37), b.scalar(0)])])] },
  map: { build: (b) => b.op('Add', [b.op('Sin', [input(b, 5, 7)]), input(b, 7)]) },
};
