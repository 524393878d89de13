import * as tf from '@tensorflow/tfjs-core';
import {
  sizeOf,
  type Attrs,
  type Graph,
  type Node,
  type Shape,
  type Value,
} from '../../src/ir/graph';
import { scalarOp } from '../../src/ir/expression';
import type { NonMaxSuppressionAttrs } from '../../src/ir/infer/non-max-suppression';
import { COMPOSED } from './composed-ops';

/**
 * Runs an IR graph with plain tfjs ops on the current backend: the oracle for everything that is
 * built from graphs, and a stand-in for the executor where there is no device.
 */
export function interpret(graph: Graph, inputs: readonly tf.Tensor[]): tf.Tensor[] {
  return tf.tidy(() => {
    const values = new Map<Value, tf.Tensor>();
    graph.inputs.forEach((value, at) => values.set(value, inputs[at]));
    const read = (value: Value): tf.Tensor => {
      const known = values.get(value);
      if (known) return known;
      if (!value.constant) throw new Error(`value ${value.name} has no producer`);
      const tensor = constantTensor(value);
      values.set(value, tensor);
      return tensor;
    };
    for (const node of graph.nodes) {
      const results = [runNode(node, node.inputs.map(read))].flat();
      node.outputs.forEach((out, at) => {
        const { shape, dtype } = results[at];
        const spec = JSON.stringify([out.shape, out.dtype]);
        if (JSON.stringify([shape, dtype]) !== spec) {
          throw new Error(
            `${node.kernel} of ${node.origins}: inferred ${spec}, got [${shape}] ${dtype}`,
          );
        }
        values.set(out, results[at]);
      });
    }
    // Outputs are the caller's own, whatever they share data with.
    return graph.outputs.map((value) => tf.clone(read(value)));
  });
}

function constantTensor({ constant, shape, dtype }: Value): tf.Tensor {
  if (constant?.host) return tf.tensor(constant.host.slice(), [...shape], dtype);
  return tf.reshape(constant?.handle as tf.Tensor, [...shape]);
}

/** Answers a tensor for each output; the one, where there is one. */
type Run = (inputs: tf.Tensor[], attrs: Attrs, shape: number[]) => tf.Tensor | tf.Tensor[];
type Pad = { top: number; bottom: number; left: number; right: number };

const as4D = (x: tf.Tensor) => x as tf.Tensor4D;

function explicit(attrs: Attrs): [[0, 0], [number, number], [number, number], [0, 0]] {
  const { top, bottom, left, right } = attrs.pad as Pad;
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
}

const pair = (value: unknown) => value as [number, number];
const axes = (attrs: Attrs) => attrs.axes as number[];
const keepDims = (attrs: Attrs) => attrs.keepDims as boolean;

function batchMatMul([a, b]: tf.Tensor[], attrs: Attrs, shape: number[]): tf.Tensor {
  const batch = shape.slice(0, -2);
  const wide = (x: tf.Tensor) => {
    const full = tf.broadcastTo(x, [...batch, ...x.shape.slice(-2)]);
    return tf.reshape(full, [sizeOf(batch), ...x.shape.slice(-2)]);
  };
  const product = tf.matMul(
    wide(a),
    wide(b),
    attrs.transposeA as boolean,
    attrs.transposeB as boolean,
  );
  return tf.reshape(product, shape);
}

/** A pool whose window may lie over explicit padding; tfjs pools take none. */
function pool([x]: tf.Tensor[], attrs: Attrs, kernel: 'MaxPool' | 'AvgPool'): tf.Tensor {
  const { top, bottom, left, right } = attrs.pad as Pad;
  const paddings: [number, number][] = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
  const run = kernel === 'MaxPool' ? tf.maxPool : tf.avgPool;
  const pooled = (padded: tf.Tensor) =>
    run(as4D(padded), pair(attrs.filterSize), pair(attrs.strides), 'valid') as tf.Tensor;
  if (kernel === 'MaxPool') return pooled(tf.pad(x, paddings, -Infinity));
  const valid = pooled(tf.pad(tf.onesLike(x), paddings));
  return tf.div(pooled(tf.pad(x, paddings)), valid);
}

/** The maximum of each window, and at which of its taps it is, which tfjs tells to nobody: tap by tap. */
function poolPositions([x]: tf.Tensor[], attrs: Attrs): tf.Tensor[] {
  const best = pool([x], attrs, 'MaxPool');
  const [height, width] = pair(attrs.filterSize);
  const { top, bottom, left, right } = attrs.pad as Pad;
  const [down, across] = pair(attrs.strides);
  const [, rows, columns] = best.shape;
  const paddings = [[0, 0], [top, bottom], [left, right], [0, 0]] as [number, number][]; // prettier-ignore
  const padded = tf.pad(x, paddings, -Infinity);
  const [batch, , , channels] = x.shape;
  let positions: tf.Tensor = tf.fill(best.shape, -1, 'int32');
  for (let tap = height * width - 1; tap >= 0; tap--) {
    const begin = [0, Math.floor(tap / width), tap % width, 0];
    const end = [batch, begin[1] + (rows - 1) * down + 1, begin[2] + (columns - 1) * across + 1, channels]; // prettier-ignore
    const taken = tf.stridedSlice(padded, begin, end, [1, down, across, 1]);
    const isBest = tf.logicalAnd(tf.equal(taken, best), tf.greater(taken, -Infinity));
    positions = tf.where(isBest, tf.fill(best.shape, tap, 'int32'), positions);
  }
  return [best, positions];
}

/** A max pool's gradient by positions: that of a sum of windows, tap by tap. */
function maxPoolGrad([dy, positions]: tf.Tensor[], attrs: Attrs, shape: number[]): tf.Tensor {
  const [height, width] = pair(attrs.filterSize);
  const taps = Array.from({ length: height * width }, (_, tap) => {
    const passed = tf.where(tf.equal(positions, tap), dy, tf.zerosLike(dy));
    const filter = tf.buffer([height, width, shape[3], 1]);
    for (let c = 0; c < shape[3]; c++) filter.set(1, Math.floor(tap / width), tap % width, c, 0);
    return depthwiseGrad([passed, filter.toTensor()], attrs, shape);
  });
  return tf.addN(taps);
}

function avgPoolGrad([dy]: tf.Tensor[], attrs: Attrs, shape: number[]): tf.Tensor {
  const [height, width] = pair(attrs.filterSize);
  const filter = tf.fill([height, width, shape[3], 1], 1);
  return tf.div(depthwiseGrad([dy, filter], attrs, shape), height * width);
}

/** 1 where output `o` is at place `step · o + from` of `extent`: [count, extent]. */
function places(count: number, step: number, from: number, extent: number): tf.Tensor {
  const at = Array.from({ length: count }, (_, o) => step * o + from);
  const all = tf.range(0, extent, 1, 'int32');
  return tf.cast(tf.equal(tf.tensor2d(at, [count, 1], 'int32'), all), 'float32');
}

/** tfjs's gradient knows no dilations, and no padding but its own: the convolution itself is asked for it. */
function depthwiseGrad([dy, filter]: tf.Tensor[], attrs: Attrs, shape: number[]): tf.Tensor {
  const [batch, height, width, channels] = shape;
  const [taps, across, , multiplier] = filter.shape;
  const [down, right] = pair(attrs.strides);
  const [far, wide] = pair(attrs.dilations);
  const { top, left } = attrs.pad as Pad;
  const [, rows, columns] = dy.shape;
  let sum: tf.Tensor = tf.zeros(shape);
  for (let i = 0; i < taps; i++) {
    for (let j = 0; j < across; j++) {
      const weight = tf.slice(filter, [i, j, 0, 0], [1, 1, channels, multiplier]);
      const byChannel = tf.reshape(dy, [batch, rows, columns, channels, multiplier]);
      const terms = tf.sum(tf.mul(byChannel, tf.reshape(weight, [channels, multiplier])), 4);
      const ofRow = places(rows, down, i * far - top, height);
      const ofColumn = places(columns, right, j * wide - left, width);
      const byRow = tf.einsum('brsc,rh->bhsc', terms, ofRow);
      sum = tf.add(sum, tf.einsum('bhsc,sw->bhwc', byRow, ofColumn));
    }
  }
  return sum;
}

/** tfjs's cpu kernel refuses indices outside; those of GPUs pick zeros, from a row of their own here. */
function gatherOrZero(x: tf.Tensor, indices: tf.Tensor, axis: number, batchDims: number) {
  const extent = x.shape[axis];
  const zeros = tf.zeros(
    x.shape.map((dim, at) => (at === axis ? 1 : dim)),
    x.dtype,
  );
  const inside = tf.logicalAnd(tf.greaterEqual(indices, 0), tf.less(indices, extent));
  const at = tf.where(inside, indices, tf.fill(indices.shape, extent, 'int32'));
  return tf.gather(tf.concat([x, zeros], axis), at, axis, batchDims);
}

function reverseSlice([x]: tf.Tensor[], attrs: Attrs, shape: number[]): tf.Tensor {
  const begin = attrs.begin as number[];
  const strides = attrs.strides as number[];
  return begin.reduce((value, start, axis) => {
    const picks = Array.from({ length: shape[axis] }, (_, i) => start + i * strides[axis]);
    return tf.gather(value, tf.tensor1d(picks, 'int32'), axis);
  }, x);
}

function cumulative(run: typeof tf.cumsum, x: tf.Tensor, attrs: Attrs): tf.Tensor {
  return run(x, attrs.axis as number, attrs.exclusive as boolean, attrs.reverse as boolean);
}

/** The boxes that tfjs selects, and as many more as there could have been. */
function nonMaxSuppression(boxes: tf.Tensor, scores: tf.Tensor, attrs: Attrs): tf.Tensor[] {
  const { maxOutputSize, iouThreshold, scoreThreshold, softNmsSigma } =
    attrs as unknown as NonMaxSuppressionAttrs;
  const { selectedIndices, selectedScores } = tf.image.nonMaxSuppressionWithScore(
    boxes as tf.Tensor2D,
    scores as tf.Tensor1D,
    maxOutputSize,
    iouThreshold,
    scoreThreshold,
    softNmsSigma,
  ) as { selectedIndices: tf.Tensor; selectedScores: tf.Tensor };
  const missing: [number, number][] = [[0, maxOutputSize - selectedIndices.shape[0]]];
  return [
    tf.pad(selectedIndices, missing, -1),
    tf.pad(selectedScores, missing, 0),
    tf.scalar(selectedIndices.shape[0], 'int32'),
  ];
}

/** Positions of what is true, then those of all else, and how many are true. */
function where(condition: tf.Tensor): tf.Tensor[] {
  const [found, rest] = [condition, tf.logicalNot(condition)].map((wanted) => {
    const positions = [...wanted.dataSync()].flatMap((element, at) => (element ? [at] : []));
    return tf.tensor1d(positions, 'int32');
  });
  return [tf.concat([found, rest]), tf.scalar(found.size, 'int32')];
}

/** Of each part of the last axis, the largest elements, and where they are or what `indices` call them. */
function topK(x: tf.Tensor, indices: tf.Tensor | undefined, attrs: Attrs): tf.Tensor[] {
  const { k, partLength } = attrs as { k: number; partLength: number };
  const axis = x.rank - 1;
  const columns = x.shape[axis];
  const parts = Array.from({ length: Math.ceil(columns / partLength) }, (_, part) => {
    const first = part * partLength;
    const begin = x.shape.map((_dim, at) => (at === axis ? first : 0));
    const size = x.shape.map((dim, at) =>
      at === axis ? Math.min(partLength, columns - first) : dim,
    );
    const found = tf.topk(tf.slice(x, begin, size), k, true);
    return [found.values, tf.add(found.indices, tf.scalar(first, 'int32'))];
  });
  const [values, positions] = [0, 1].map((output) =>
    tf.concat(
      parts.map((part) => part[output]),
      axis,
    ),
  );
  return [values, indices ? tf.gather(indices, positions, axis, axis) : positions];
}

const runs: Readonly<Record<string, Run>> = {
  Reshape: ([x], _attrs, shape) => tf.reshape(x, shape),
  Transpose: ([x], attrs) => tf.transpose(x, attrs.perm as number[]),
  Slice: reverseSlice,
  PadV2: ([x], attrs) =>
    tf.pad(x, attrs.paddings as [number, number][], attrs.constantValue as number),
  MirrorPad: ([x], attrs) =>
    tf.mirrorPad(x, attrs.paddings as [number, number][], attrs.mode as 'reflect'),
  Concat: (inputs, attrs) => tf.concat(inputs, attrs.axis as number),
  Tile: ([x], _attrs, shape) =>
    tf.tile(
      x,
      shape.map((dim, axis) => dim / x.shape[axis]),
    ),
  BroadcastTo: ([x], _attrs, shape) => tf.broadcastTo(x, shape),
  Reverse: ([x], attrs) => tf.reverse(x, attrs.dims as number[]),
  GatherV2: ([x, indices], attrs) =>
    gatherOrZero(x, indices, attrs.axis as number, attrs.batchDims as number),
  Diag: ([x]) => tf.diag(x),
  ResizeNearestNeighbor: ([x], attrs, shape) =>
    tf.image.resizeNearestNeighbor(
      as4D(x),
      pair(shape.slice(1, 3)),
      attrs.alignCorners as boolean,
      attrs.halfPixelCenters as boolean,
    ),
  ResizeBilinear: ([x], attrs, shape) =>
    tf.image.resizeBilinear(
      as4D(x),
      pair(shape.slice(1, 3)),
      attrs.alignCorners as boolean,
      attrs.halfPixelCenters as boolean,
    ),
  Conv2D: ([x, filter], attrs) =>
    tf.conv2d(
      as4D(x),
      as4D(filter),
      pair(attrs.strides),
      explicit(attrs),
      'NHWC',
      pair(attrs.dilations),
    ),
  DepthwiseConv2dNative: ([x, filter], attrs) =>
    tf.depthwiseConv2d(
      as4D(x),
      as4D(filter),
      pair(attrs.strides),
      explicit(attrs),
      'NHWC',
      pair(attrs.dilations),
    ),
  Conv2DBackpropInput: ([dy, filter], attrs, shape) =>
    tf.conv2dTranspose(
      as4D(dy),
      as4D(filter),
      shape as [number, number, number, number],
      pair(attrs.strides),
      explicit(attrs),
    ),
  BatchMatMul: batchMatMul,
  MaxPool: (inputs, attrs) => pool(inputs, attrs, 'MaxPool'),
  AvgPool: (inputs, attrs) => pool(inputs, attrs, 'AvgPool'),
  MaxPoolPositions: (inputs, attrs) => poolPositions(inputs, attrs),
  MaxPoolGrad: maxPoolGrad,
  AvgPoolGrad: avgPoolGrad,
  DepthwiseConv2dNativeBackpropInput: depthwiseGrad,
  Sum: ([x], attrs) => tf.sum(x, axes(attrs), keepDims(attrs)),
  Mean: ([x], attrs) => tf.mean(x, axes(attrs), keepDims(attrs)),
  Moments: ([x], attrs) => {
    const { mean, variance } = tf.moments(x, axes(attrs), keepDims(attrs));
    return [mean, variance];
  },
  Max: ([x], attrs) => tf.max(x, axes(attrs), keepDims(attrs)),
  Min: ([x], attrs) => tf.min(x, axes(attrs), keepDims(attrs)),
  Prod: ([x], attrs) => tf.prod(x, axes(attrs), keepDims(attrs)),
  All: ([x], attrs) => tf.all(x, axes(attrs), keepDims(attrs)),
  Any: ([x], attrs) => tf.any(x, axes(attrs), keepDims(attrs)),
  Cumsum: ([x], attrs) => cumulative(tf.cumsum, x, attrs),
  Cumprod: ([x], attrs) => cumulative(tf.cumprod, x, attrs),
  TopK: ([x, indices], attrs) => topK(x, indices, attrs),
  Where: ([condition]) => where(condition),
  NonMaxSuppression: ([boxes, scores], attrs) => nonMaxSuppression(boxes, scores, attrs),
  ArgMax: ([x], attrs) => tf.argMax(x, attrs.axis as number),
  ArgMin: ([x], attrs) => tf.argMin(x, attrs.axis as number),
  Softmax: ([x]) => tf.softmax(x),
  LogSoftmax: ([x]) => tf.logSoftmax(x),
};

/** Names of operands, where they are not `x` or `a` and `b`. */
const OPERANDS: Readonly<Record<string, string[]>> = {
  Prelu: ['x', 'alpha'],
  Select: ['condition', 't', 'e'],
};

function runElementwise(node: Node, inputs: tf.Tensor[], shape: Shape): tf.Tensor {
  const names = OPERANDS[node.kernel] ?? (inputs.length === 1 ? ['x'] : ['a', 'b']);
  const operands = inputs.map((x) =>
    node.kernel === 'Select' ? tf.broadcastTo(x, [...shape]) : x,
  );
  const composed = COMPOSED[node.kernel]?.(...operands);
  if (composed) return composed;
  const named = Object.fromEntries(operands.map((x, at) => [names[at], x]));
  return tf.engine().runKernel(node.kernel, named, { ...node.attrs } as tf.NamedAttrMap);
}

function runNode(node: Node, inputs: tf.Tensor[]): tf.Tensor | tf.Tensor[] {
  const { shape } = node.outputs[0];
  if (scalarOp(node.kernel)) return runElementwise(node, inputs, shape);
  const run = runs[node.kernel];
  if (!run) throw new Error(`no interpretation of ${node.kernel}`);
  return run(inputs, node.attrs, [...shape]);
}
