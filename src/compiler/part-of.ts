/** Which part of its operands a part of a result is computed of: slices, moved in front of a primitive. Pure. */
import { scalarOp } from '../ir/expression';
import { sizeOf, type Attrs, type Node, type Shape } from '../ir/graph';
import type { WindowAttrs } from '../ir/infer/window';

/** `size` elements from `begin` on, along an axis. */
export interface Part {
  readonly axis: number;
  readonly begin: number;
  readonly size: number;
}

/** What a part of a result is computed of. */
export interface PartOperands {
  /** For each operand a part of it, or all of it. */
  readonly inputs: readonly (Part | 'all')[];
  /** Attributes, where they are others than those of the whole. */
  readonly attrs?: Attrs;
}

/** Undefined where a part needs more than a part of each operand, or nobody has said of which. */
type PartRule = (node: Node, part: Part) => PartOperands | undefined;

const shapeOf = (node: Node): Shape => node.outputs[0].shape;

/** Operands that broadcast, aligned at the last axis. */
const elementwise: PartRule = (node, part) => ({
  inputs: node.inputs.map(({ shape }) => {
    const axis = part.axis - (shapeOf(node).length - shape.length);
    return axis < 0 || shape[axis] === 1 ? 'all' : { ...part, axis };
  }),
});

const product: PartRule = (node, part) => {
  const { transposeA, transposeB, parts } = node.attrs;
  if (parts !== undefined) return undefined;
  const rank = shapeOf(node).length;
  const [a, b] = node.inputs;
  if (part.axis < rank - 2) {
    const of = (shape: Shape) => (shape[part.axis] === 1 ? 'all' : part);
    return { inputs: [of(a.shape), of(b.shape)] };
  }
  return part.axis === rank - 2
    ? { inputs: [{ ...part, axis: transposeA ? rank - 1 : rank - 2 }, 'all'] }
    : { inputs: ['all', { ...part, axis: transposeB ? rank - 2 : rank - 1 }] };
};

/** Rows that are computed by themselves. */
const rows: PartRule = (node, part) =>
  part.axis < shapeOf(node).length - 1
    ? { inputs: node.inputs.map((_, at) => (at === 0 ? part : 'all')) }
    : undefined;

const reduction: PartRule = (node, part) => {
  const { axes, axis, keepDims } = node.attrs;
  const reduced = (axes as number[] | undefined) ?? [axis as number];
  if (keepDims) return reduced.includes(part.axis) ? undefined : { inputs: [part] };
  const kept = node.inputs[0].shape.flatMap((_, at) => (reduced.includes(at) ? [] : [at]));
  return { inputs: [{ ...part, axis: kept[part.axis] }] };
};

/** The same run of elements under another shape, if that divides there. */
const reshape: PartRule = (node, { axis, begin, size }) => {
  const out = shapeOf(node);
  const { shape } = node.inputs[0];
  const outer = sizeOf(out.slice(0, axis));
  const inner = sizeOf(out.slice(axis + 1));
  for (let at = 0; at < shape.length; at++) {
    const step = sizeOf(shape.slice(at + 1));
    if (sizeOf(shape.slice(0, at)) !== outer) continue;
    if ((begin * inner) % step !== 0 || (size * inner) % step !== 0) continue;
    return { inputs: [{ axis: at, begin: (begin * inner) / step, size: (size * inner) / step }] };
  }
  return undefined;
};

const transpose: PartRule = (node, part) => ({
  inputs: [{ ...part, axis: (node.attrs.perm as number[])[part.axis] }],
});

const pad: PartRule = (node, part) => {
  const [before, after] = (node.attrs.paddings as number[][])[part.axis];
  return before === 0 && after === 0 ? { inputs: [part] } : undefined;
};

const concat: PartRule = (node, part) =>
  part.axis === node.attrs.axis ? undefined : { inputs: node.inputs.map(() => part) };

/** Along rows and columns, with what windows at the edges of the part reach beyond it. */
function windowed(size: (node: Node) => readonly number[]): PartRule {
  return (node, part) => {
    if (node.attrs.parts !== undefined) return undefined;
    const { strides, dilations, pad } = node.attrs as unknown as WindowAttrs;
    const others = node.inputs.slice(1).map(() => 'all' as const);
    if (part.axis === 0) return { inputs: [part, ...others] };
    if (part.axis === 3) return undefined;
    const at = part.axis - 1;
    const [before, after] = at === 0 ? (['top', 'bottom'] as const) : (['left', 'right'] as const);
    const length = node.inputs[0].shape[part.axis];
    const low = part.begin * strides[at] - pad[before];
    const reach = (size(node)[at] - 1) * dilations[at] + 1;
    const high = low + (part.size - 1) * strides[at] + reach;
    const begin = Math.max(0, low);
    const end = Math.min(length, high);
    if (end <= begin) return undefined;
    return {
      inputs: [{ axis: part.axis, begin, size: end - begin }, ...others],
      attrs: {
        ...node.attrs,
        pad: { ...pad, [before]: begin - low, [after]: high - end },
      },
    };
  };
}

const filterOf = (node: Node): readonly number[] => node.inputs[1].shape;

const convolution: PartRule = (node, part) =>
  part.axis === 3 && node.attrs.parts === undefined
    ? { inputs: ['all', part] }
    : windowed(filterOf)(node, part);

const pool = windowed((node) => node.attrs.filterSize as number[]);

const rules: Readonly<Record<string, PartRule>> = {
  BatchMatMul: product,
  Softmax: rows,
  LogSoftmax: rows,
  ...Object.fromEntries(
    ['Sum', 'Mean', 'Max', 'Min', 'Prod', 'All', 'Any', 'ArgMax', 'ArgMin'].map((kernel) => [
      kernel,
      reduction,
    ]),
  ),
  Reshape: reshape,
  Transpose: transpose,
  BroadcastTo: elementwise,
  PadV2: pad,
  Concat: concat,
  Conv2D: convolution,
  DepthwiseConv2dNative: windowed(filterOf),
  MaxPool: pool,
  AvgPool: pool,
};

/** What a part of the result of `node` is computed of; undefined where that is no part of its operands. */
export function partOperands(node: Node, part: Part): PartOperands | undefined {
  if (node.outputs.length > 1) return undefined;
  const rule = rules[node.kernel] ?? (scalarOp(node.kernel) ? elementwise : undefined);
  return rule?.(node, part);
}
