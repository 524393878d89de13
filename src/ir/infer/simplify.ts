/** Invocations that change nothing, or can be said more simply: the builder never adds them. */
import { sameShape, type Attrs, type Shape, type Value, type ValueSpec } from '../graph';

/** An invocation, or a value that exists already, that answers the same as the one asked for. */
export type Simpler =
  | { readonly value: Value }
  | {
      readonly kernel: string;
      readonly inputs: readonly Value[];
      readonly attrs?: Attrs;
      readonly shape?: Shape;
    };

type Rule = (inputs: readonly Value[], attrs: Attrs, out: ValueSpec) => Simpler | undefined;

/** `Op(x) → x` where the shape did not change and `changesNothing` says so. */
function unchanged(changesNothing: (attrs: Attrs, x: Value) => boolean = () => true): Rule {
  return ([x], attrs, out) =>
    sameShape(x.shape, out.shape) && x.dtype === out.dtype && changesNothing(attrs, x)
      ? { value: x }
      : undefined;
}

/** `Op(x) → Reshape(x)`: only dimensions of one element moved or went. */
function asReshape(x: Value, out: ValueSpec): Simpler {
  return { kernel: 'Reshape', inputs: [x], shape: out.shape };
}

/** `Reshape(Reshape(x)) → Reshape(x)`, `Reshape(x) → x`. */
const reshape: Rule = ([x], _attrs, out) => {
  if (sameShape(x.shape, out.shape)) return { value: x };
  return x.producer?.kernel === 'Reshape' ? asReshape(x.producer.inputs[0], out) : undefined;
};

/** `Transpose(x) → x` or `Reshape(x)` where the dimensions longer than 1 keep their order. */
const transpose: Rule = ([x], attrs, out) => {
  const perm = attrs.perm as number[];
  const moved = perm.filter((axis) => x.shape[axis] !== 1);
  if (moved.some((axis, at) => at > 0 && axis < moved[at - 1])) return undefined;
  return perm.every((axis, at) => axis === at) ? { value: x } : asReshape(x, out);
};

/** `Reduce(x) → Reshape(x)` where each reduced dimension has one element. */
const reduceNothing: Rule = ([x], attrs, out) =>
  x.dtype === out.dtype && (attrs.axes as number[]).every((axis) => x.shape[axis] === 1)
    ? asReshape(x, out)
    : undefined;

const rules: Readonly<Record<string, Rule>> = {
  Reshape: reshape,
  Transpose: transpose,
  Cast: unchanged(),
  Tile: unchanged(),
  BroadcastTo: unchanged(),
  MirrorPad: unchanged(),
  PadV2: unchanged((attrs) => (attrs.paddings as number[][]).flat().every((width) => width === 0)),
  Slice: unchanged((attrs) => (attrs.begin as number[]).every((begin) => begin === 0)),
  Reverse: unchanged((attrs, x) => (attrs.dims as number[]).every((axis) => x.shape[axis] === 1)),
  Concat: (inputs) => (inputs.length === 1 ? { value: inputs[0] } : undefined),
  Sum: reduceNothing,
  Mean: reduceNothing,
  Prod: reduceNothing,
  Max: reduceNothing,
  Min: reduceNothing,
  All: reduceNothing,
  Any: reduceNothing,
};

/** Finds a simpler way to say an invocation; each rule preserves values, shape and dtype. */
export function simplify(
  kernel: string,
  inputs: readonly Value[],
  attrs: Attrs,
  out: ValueSpec,
): Simpler | undefined {
  return rules[kernel]?.(inputs, attrs, out);
}
