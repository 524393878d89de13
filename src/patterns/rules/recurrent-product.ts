/** The gates of a recurrent cell: columns of one product, which are told apart after what is done to all of them. */
import { scalarOp } from '../../ir/expression';
import type { GraphBuilder } from '../../ir/builder';
import { sameShape, sizeOf, type Node, type Value } from '../../ir/graph';
import { any, op } from '../match';
import type { FusionRule, Match, Replacement } from '../rule';

/** Gates that the kernel has in one vector: of two, half of what it computes would be nobody's. */
const MIN_GATES = 3;
const MAX_GATES = 4;
/** Elementwise kernels between a product and its gates. */
const MAX_STEPS = 8;
/** Elementwise kernels behind a gate that are looked at. */
const MAX_LOOKED_AT = 64;

/** A product, the elementwise kernels that all of its result goes through, and the columns taken of that. */
interface Gates {
  readonly steps: readonly Node[];
  /** Slices in the order of their columns. */
  readonly slices: readonly Node[];
  readonly width: number;
}

/** Whether `node` is elementwise and keeps the shape of `value`, or at least its rows. */
function keepsRows({ kernel, outputs: [result] }: Node, { shape }: Value): boolean {
  if (scalarOp(kernel)) return sameShape(result.shape, shape);
  return (
    kernel === 'Reshape' &&
    sizeOf(result.shape) === sizeOf(shape) &&
    result.shape.at(-1) === shape.at(-1)
  );
}

/** Slices of all rows of `value`, which divide its columns evenly; a reason if these are none. */
function evenSlices(uses: readonly Node[], { shape }: Value): readonly Node[] | string {
  const last = shape.length - 1;
  const isPart = ({ kernel, attrs, outputs: [part] }: Node): boolean =>
    kernel === 'Slice' &&
    part.shape.every((dim, axis) => axis === last || dim === shape[axis]) &&
    (attrs.strides as number[]).every((stride) => stride === 1);
  if (uses.length < MIN_GATES || uses.length > MAX_GATES || !uses.every(isPart)) return '';
  const begin = ({ attrs }: Node): number => (attrs.begin as number[])[last];
  const sorted = [...uses].sort((a, b) => begin(a) - begin(b));
  const width = shape[last] / sorted.length;
  const isEven = sorted.every(
    (slice, at) => begin(slice) === at * width && slice.outputs[0].shape[last] === width,
  );
  return isEven ? sorted : 'its parts differ in size, or overlap';
}

/** Elementwise kernels that read `part`, or what others of them make of it. */
function readersOf(match: Match, part: Value): Set<Node> {
  const readers = new Set<Node>();
  const waiting = [part];
  for (let value = waiting.pop(); value && readers.size < MAX_LOOKED_AT; value = waiting.pop()) {
    for (const use of match.usesOf(value)) {
      if (readers.has(use) || !keepsRows(use, value)) continue;
      readers.add(use);
      waiting.push(use.outputs[0]);
    }
  }
  return readers;
}

/** Whether some kernel needs two of the parts: otherwise nothing is won by having them side by side. */
function meet(match: Match, slices: readonly Node[]): boolean {
  const seen = new Set<Node>();
  return slices.some(({ outputs: [part] }) => {
    const readers = [...readersOf(match, part)];
    const isMet = readers.some((reader) => seen.has(reader));
    readers.forEach((reader) => seen.add(reader));
    return isMet;
  });
}

function gatesOf(match: Match): Gates | string {
  const { root } = match;
  let [value] = root.outputs;
  if (root.attrs.transposeA || root.attrs.parts !== undefined) return '';
  if (sizeOf(root.inputs[1].shape.slice(0, -2)) !== 1) return '';
  const steps: Node[] = [];
  for (;;) {
    const uses = match.usesOf(value);
    if (match.isOutput(value) || uses.length === 0) return '';
    if (uses.length > 1 || steps.length === MAX_STEPS || !keepsRows(uses[0], value)) {
      const slices = evenSlices(uses, value);
      if (typeof slices === 'string') return slices;
      if (!meet(match, slices)) return '';
      return { steps, slices, width: (value.shape.at(-1) as number) / slices.length };
    }
    steps.push(uses[0]);
    [value] = uses[0].outputs;
  }
}

/** Columns `from` to `from + width` of an operand of a product's size, or of what is broadcast to it. */
function columnsOf(build: GraphBuilder, operand: Value, from: number, width: number): Value {
  const { shape } = operand;
  const last = shape.length - 1;
  if (last < 0 || shape[last] === 1) return operand;
  const begin = shape.map((_, axis) => (axis === last ? from : 0));
  return build.slice(operand, begin, [...shape.slice(0, last), width]);
}

export const recurrentProduct: FusionRule<Gates> = {
  name: 'recurrent-product',
  equation: 'parts of f(x · [a b c]) ⇒ f(x · a), f(x · b), f(x · c), of one kernel',
  match: op('BatchMatMul', [any(), any()]),
  check: gatesOf,
  rewrite({ root }, build, { steps, slices, width }) {
    build.origins = [root, ...steps, ...slices].flatMap(({ origins }) => origins);
    const [x, weights] = root.inputs;
    const depth = x.shape.at(-1) as number;
    const operands = [
      build.reshape(x, [sizeOf(x.shape) / depth, depth]),
      build.reshape(weights, weights.shape.slice(-2)),
    ];
    const products = build.ops('RecurrentMatMul', operands, {
      gates: slices.length,
      transposeB: root.attrs.transposeB,
    });
    const ofGate = ({ shape }: Value): number[] => [...shape.slice(0, -1), width];
    return slices.map((slice, at): Replacement => {
      let [before] = root.outputs;
      let value = build.reshape(products[at], ofGate(before));
      for (const { kernel, inputs, outputs, attrs } of steps) {
        if (kernel === 'Reshape') {
          value = build.reshape(value, ofGate(outputs[0]));
          [before] = outputs;
          continue;
        }
        const operands = inputs.map((operand) =>
          operand === before ? value : columnsOf(build, operand, at * width, width),
        );
        value = build.op(kernel, operands, attrs);
        [before] = outputs;
      }
      return [slice.outputs[0], value];
    });
  },
};
