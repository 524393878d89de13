/**
 * Nodes whose results have a length that depends on values, in two: one that computes as many elements as
 * there may be, which a region can hold, and one that waits for their count and cuts. The count is all
 * that is read back, and counts that are asked for at once are read at once.
 */
import type { GraphNode, registerOp } from '@tensorflow/tfjs-converter';
import {
  clone,
  concat,
  image,
  pad,
  reshape,
  slice,
  tensor,
  tidy,
  util,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { boolAttr, type NodeDef } from './graph-def';

/** In front of the name of an op: its results as long as they can be, and behind them how many are meant. */
const BOUNDED = 'WebGPUFusedBounded';

/** Op of a node that cuts results to their count, its last input. */
export const CUT_OP = 'WebGPUFusedCut';

const SUFFIX = '/webgpu_fused_bounded';

interface CountedOp {
  /** Results that are cut. */
  readonly outputs: number;
  /** Whether the count is a result, too. */
  readonly keepsCount?: boolean;
  /** Whether a node is meant; all are if absent. */
  readonly when?: (node: NodeDef) => boolean;
  /** What tfjs says of a bounded node: where a region cannot hold it after all. */
  readonly stock: (inputs: readonly Tensor[], attrs: GraphNode['attrs']) => Tensor[];
}

/** The first of `inputs` for tfjs's suppression, and the numbers behind them. */
function suppress(inputs: readonly Tensor[]): Tensor[] {
  const [boxes, scores, ...rest] = inputs;
  const [most, iou = 0.5, threshold = -Infinity, sigma = 0] = rest.map((x) => x.dataSync()[0]);
  const { selectedIndices, selectedScores } = image.nonMaxSuppressionWithScore(
    boxes as never,
    scores as never,
    most,
    iou,
    threshold,
    sigma,
  ) as { selectedIndices: Tensor; selectedScores: Tensor };
  const [count] = selectedIndices.shape;
  const missing: [number, number][] = [[0, Math.min(most, boxes.shape[0]) - count]];
  return [
    pad(selectedIndices, missing, -1),
    pad(selectedScores, missing),
    tensor(count, [], 'int32'),
  ];
}

const indicesOnly = (inputs: readonly Tensor[]): Tensor[] => {
  const [indices, , count] = suppress(inputs);
  return [indices, count];
};

/** Indices of what is true, and as many zeros as there are other elements. */
function whereTrue(condition: Tensor): Tensor[] {
  const found: number[] = [];
  const { shape, size } = condition;
  const strides = util.computeStrides(shape);
  let count = 0;
  condition.dataSync().forEach((element, at) => {
    if (element) count = found.push(...util.indexToLoc(at, shape.length, strides)) / shape.length;
  });
  const indices = new Int32Array(size * shape.length);
  indices.set(found);
  return [tensor(indices, [size, shape.length], 'int32'), tensor(count, [], 'int32')];
}

const OPS: Readonly<Record<string, CountedOp>> = {
  NonMaxSuppressionV2: { outputs: 1, stock: indicesOnly },
  NonMaxSuppressionV3: { outputs: 1, stock: indicesOnly },
  NonMaxSuppressionV4: {
    outputs: 1,
    keepsCount: true,
    when: (node) => !boolAttr(node, 'pad_to_max_output_size'),
    stock: indicesOnly,
  },
  NonMaxSuppressionV5: { outputs: 2, stock: suppress },
  Where: { outputs: 1, stock: ([condition]) => whereTrue(condition) },
};

/** The op of which a bounded node is; undefined for any other node. */
export function boundedOp(op: string): string | undefined {
  return op.startsWith(BOUNDED) ? op.slice(BOUNDED.length) : undefined;
}

/** The node of the model that a node stands for. */
export function originOf(name: string): string {
  return name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : name;
}

/** Divides the nodes of `names` that can be; the others, and those of the app's own ops, stay as they are. */
export function divideCounted(
  nodes: readonly NodeDef[],
  isLeft: (name: string) => boolean,
): readonly NodeDef[] {
  return nodes.flatMap((node) => {
    const form = Object.hasOwn(OPS, node.op) ? OPS[node.op] : undefined;
    if (!form || form.when?.(node) === false || isLeft(node.name)) return [node];
    const bounded = node.name + SUFFIX;
    const results = Array.from({ length: form.outputs }, (_, at) =>
      at ? `${bounded}:${at}` : bounded,
    );
    const count = `${bounded}:${form.outputs}`;
    const input = [...results, ...(form.keepsCount ? [count] : []), count];
    return [
      { ...node, name: bounded, op: BOUNDED + node.op },
      { name: node.name, op: CUT_OP, input, attr: { cut: { i: form.outputs } } },
    ];
  });
}

/** Makes the ops known to one copy of tfjs-converter. */
export function registerCountedOps(register: typeof registerOp): void {
  register(CUT_OP, ({ inputs, attrs }) => cut(inputs, attrs.cut as number));
  for (const [op, { stock }] of Object.entries(OPS)) {
    register(BOUNDED + op, ({ inputs, attrs }) => tidy(() => stock(inputs, attrs)));
  }
}

async function cut(inputs: readonly Tensor[], outputs: number): Promise<Tensor[]> {
  const length = await readTogether(inputs[inputs.length - 1]);
  return inputs.slice(0, -1).map((x, at) => {
    if (at >= outputs || x.shape[0] === length) return clone(x);
    return slice(
      x,
      x.shape.map(() => 0),
      [length, ...x.shape.slice(1)],
    );
  });
}

/** Scalars that somebody waits for. */
let waiting: Tensor[] = [];
let reading: Promise<ArrayLike<number>> | undefined;

/** The element of a scalar; those that are asked for before the next microtask are one read. */
async function readTogether(scalar: Tensor): Promise<number> {
  const at = waiting.push(scalar) - 1;
  reading ??= Promise.resolve().then(() => {
    const scalars = waiting;
    waiting = [];
    reading = undefined;
    return readAll(scalars);
  });
  return (await reading)[at];
}

async function readAll(scalars: readonly Tensor[]): Promise<ArrayLike<number>> {
  if (scalars.length === 1) return scalars[0].data();
  const all = tidy(() => concat(scalars.map((scalar) => reshape(scalar, [1]))));
  try {
    return await all.data();
  } finally {
    all.dispose();
  }
}
