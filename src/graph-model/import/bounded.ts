/**
 * Nodes whose operands have a number of rows that the device alone knows. A value has as many rows as there may
 * be, beside it how many are meant; what the others hold is anything, and no row that is meant may depend on it.
 * A node that has no form here waits until the number was read.
 */
import { scalarOps } from '../../ir/expression';
import { sizeOf, type DType, type Node, type Shape, type Value } from '../../ir/graph';
import * as ix from '../../ir/index-expression';
import { demand, refuse } from '../../ir/infer/refused';
import { normalizeAxes, normalizeAxis } from '../../ir/infer/shape';
import { topKLowerings } from '../../lowering/top-k';
import { COUNTED_RESULTS } from '../counted-nodes';
import { elementwiseImports } from './elementwise';
import type { Length, Lengths } from './lengths';
import { NodeImport, type Importer } from './node-import';

/** Most rows of a value that nothing but a length sizes. */
const MAX_ROWS = 2 ** 16;

/** A value, and how many of its rows are meant; all are if absent. It has as many as these are at most. */
export interface Bounded {
  readonly value: Value;
  readonly rows?: Length;
}

/** A node as importers see it, and what is known of lengths. */
export interface BoundedNode {
  readonly node: NodeImport;
  /** How many rows of each operand are meant, where not all are. */
  readonly rows: readonly (Length | undefined)[];
  readonly lengths: Lengths;
  /** As for values of which all rows are meant. */
  readonly importer: Importer;
}

type BoundedRule = (of: BoundedNode) => Bounded | readonly Bounded[];

const why = (): string => 'it needs to know how many rows there are';

/** What a node is read as, with other operands if these are given. */
export function plainly({ node, importer }: BoundedNode, inputs = node.inputs): readonly Bounded[] {
  const given = inputs === node.inputs ? node : new NodeImport(node.b, node.def, inputs);
  const result = importer(given);
  return ('id' in result ? [result] : result).map((value) => ({ value: value as Value }));
}

/** 0, 1, 2 … along the first axis. */
const counting = (b: NodeImport['b'], count: number, rank = 1): Value =>
  b.hostConstant(
    [count, ...new Array<number>(rank - 1).fill(1)],
    'int32',
    Array.from({ length: count }, (_, at) => at),
  );

/** Rows before `rows`, as truth values that broadcast to `shape`. */
const isMeant = ({ node: { b }, lengths }: BoundedNode, rows: Length, shape: Shape): Value =>
  b.op('Less', [counting(b, shape[0], shape.length), lengths.scalar(rows)]);

/** `x` with `element` in the rows that are not meant. */
function filled(of: BoundedNode, x: Value, rows: Length | undefined, element: number): Value {
  if (!rows) return x;
  const { b } = of.node;
  return b.op('Select', [isMeant(of, rows, x.shape), x, b.scalar(element, x.dtype)]);
}

/** `count` rows, of which `x` is from `before` on as far as there is room, and the rest is anything. */
function resized({ node: { b } }: BoundedNode, x: Value, count: number, before = 0): Value {
  const behind = Math.max(0, count - before - x.shape[0]);
  const paddings = x.shape.map((_, axis) => (axis === 0 ? [before, behind] : [0, 0]));
  const long = b.op('PadV2', [x], { paddings, constantValue: 0 });
  return b.slice(
    long,
    x.shape.map(() => 0),
    [count, ...x.shape.slice(1)],
  );
}

/** The most rows that there may be, one at least: no value is empty. */
function mostOf({ max }: Length): number {
  demand(max <= MAX_ROWS, why);
  return Math.max(1, max);
}

/** A value of which `rows` rows are meant, with no more than there may be. */
function bounded(of: BoundedNode, value: Value, rows: Length): Bounded {
  demand(rows.min >= 0 && rows.max !== 0, why);
  const result = resized(of, value, Math.max(1, rows.max));
  return ix.isConstant(rows) ? { value: result } : { value: result, rows };
}

/** What is known of the integers of operand `at`. */
const lengthsOf = ({ node, lengths }: BoundedNode, at: number): readonly Length[] =>
  lengths.of(node.input(at)) ?? refuse(why());

const constantOf = (length: Length): number =>
  ix.isConstant(length) ? length.offset : refuse(why());

const rowsOf = (of: BoundedNode, at: number): Length =>
  of.rows[at] ?? ix.constant(of.node.input(at).shape[0]);

/** Primitives that compute each row by itself, if what they say of axes is not about the first. */
const BY_ROW: ReadonlySet<string> = new Set([
  ...['Sum', 'Mean', 'Max', 'Min', 'Prod', 'All', 'Any', 'ArgMax', 'ArgMin', 'Cumsum', 'Cumprod'],
  ...['Slice', 'PadV2', 'Concat', 'Transpose', 'GatherV2', ...scalarOps.keys()],
]);

/** What primitives say of axes. */
interface PrimitiveAxes {
  readonly axis: number;
  readonly axes: readonly number[];
  readonly perm: readonly number[];
  readonly begin: readonly number[];
}

/** Rows in another shape; of one row that goes, nobody knows whether it was the first axis. */
function viewedRows(rows: Length, from: Shape, to: Shape): Length | undefined {
  const ratio = to[0] / from[0];
  const isWhole = Number.isInteger(ratio) && sizeOf(from) === sizeOf(to);
  return from[0] > 1 && isWhole ? ix.scale(rows, ratio) : undefined;
}

/** How many rows of a result are meant, given those of its operands; undefined if all are. */
function resultRows(
  node: Pick<Node, 'kernel' | 'attrs' | 'outputs'> & { readonly inputs: readonly Value[] },
  operands: readonly (Length | undefined)[],
): Length | undefined {
  const { kernel, attrs, inputs, outputs } = node;
  const at = operands.findIndex((rows) => rows);
  if (at < 0) return undefined;
  const rows = operands[at] as Length;
  const [{ shape }] = outputs;
  const own = inputs[at].shape;
  if (kernel === 'Reshape') return viewedRows(rows, own, shape) ?? refuse(why());
  demand(own[0] > 1, why);
  const { axis, axes, perm, begin } = attrs as Partial<PrimitiveAxes>;
  const isByRow = axis !== 0 && !axes?.includes(0) && !perm?.[0] && !begin?.[0];
  demand(BY_ROW.has(kernel) && isByRow && shape[0] === own[0], why);
  const isScalar = scalarOps.has(kernel);
  inputs.forEach((input, other) => {
    const its = operands[other];
    const isSame = its && ix.isSame(its, rows) && input.shape.length === own.length;
    const isRepeated =
      !its && isScalar && (input.shape.length < shape.length || input.shape[0] === 1);
    // Parts that are joined side by side have the same rows; indices have none.
    const isIndex = kernel === 'GatherV2' && other === 1;
    demand(isIndex ? !its : !!isSame || isRepeated, why);
  });
  demand(!isScalar || shape.length === own.length, why);
  return rows;
}

/** What computes each row by itself, as what it was lowered to says. */
const byRow: BoundedRule = (of) => {
  const { inputs } = of.node;
  const known = new Map(inputs.map((input, at) => [input, of.rows[at]] as const));
  // One value, with all its rows and with some.
  demand(
    inputs.every((input, at) => known.get(input) === of.rows[at]),
    why,
  );
  // Views of views are views of what these are of.
  for (let [value, rows] of known) {
    while (rows && value.producer?.kernel === 'Reshape') {
      const [source] = value.producer.inputs;
      rows = viewedRows(rows, value.shape, source.shape);
      if (rows && !known.has(source)) known.set(source, rows);
      value = source;
    }
  }
  const find = (value: Value): Length | undefined => {
    const { producer } = value;
    if (!known.has(value))
      known.set(value, producer && resultRows(producer, producer.inputs.map(find)));
    return known.get(value);
  };
  // What was folded has nothing left to say how; of elementwise ops it is known.
  const isElementwise = Object.hasOwn(elementwiseImports, of.node.def.op);
  const folded = (value: Value): Length | undefined =>
    isElementwise && value.constant
      ? resultRows({ kernel: 'Add', attrs: {}, inputs, outputs: [value] }, of.rows)
      : undefined;
  return plainly(of).map(({ value }) => ({
    value,
    rows: find(value) ?? folded(value) ?? refuse(why()),
  }));
};

/** Elements of the first axis come to something that `neutral` does not change. */
const reduction =
  (neutral: number): BoundedRule =>
  (of) => {
    const [x, ...rest] = of.node.inputs;
    const axes = rest.length > 0 ? of.node.numbers(1) : undefined;
    if (!normalizeAxes(axes, x.shape.length).includes(0)) return byRow(of);
    return plainly(of, [filled(of, x, of.rows[0], neutral), ...rest]);
  };

/** Indices into rows that are not meant pick zeros, as those outside of a value do. */
const gather: BoundedRule = (of) => {
  const { node, rows, lengths } = of;
  const { b } = node;
  const [params, indices] = node.inputs;
  const axis = normalizeAxis(node.number(2, 0), params.shape.length);
  demand(!node.numberAttr('batch_dims', 0), why);
  if (axis > 0) return byRow(of);
  let [{ value }] = plainly(of);
  if (rows[0]) {
    const shape = [...indices.shape, ...params.shape.slice(1).map(() => 1)];
    const index = b.reshape(b.cast(indices, 'int32'), shape);
    const isInside = b.op('Less', [index, lengths.scalar(rows[0])]);
    value = b.op('Select', [isInside, value, b.scalar(0, value.dtype)]);
  }
  return { value, rows: rows[1] };
};

/** Parts one behind the other: what is in front of a part is known, or counted. */
const concat: BoundedRule = (of) => {
  const { node } = of;
  const { b } = node;
  const parts = node.inputs.slice(0, -1);
  const { dtype, shape } = parts[0];
  if (normalizeAxis(node.number(-1), shape.length) > 0) return byRow(of);
  const total = parts.map((_, at) => rowsOf(of, at)).reduce(ix.add);
  const count = mostOf(total);
  let end = total;
  let joined: Value | undefined;
  for (let at = parts.length - 1; at >= 0; at--) {
    const x = parts[at];
    demand(x.dtype === dtype, why);
    const begin = ix.subtract(end, rowsOf(of, at));
    if (sizeOf(x.shape) > 0) {
      const picked = (): Value => b.op('Sub', [counting(b, count), of.lengths.scalar(begin)]);
      const moved = ix.isConstant(begin)
        ? resized(of, x, count, begin.offset)
        : b.op('GatherV2', [x, picked()], { axis: 0, batchDims: 0 });
      joined = joined ? b.op('Select', [isMeant(of, end, moved.shape), moved, joined]) : moved;
    }
    end = begin;
  }
  return bounded(of, joined ?? refuse(why()), total);
};

/** Constants behind the rows of a value. */
const pad =
  (constantValue: (node: NodeImport) => number): BoundedRule =>
  (of) => {
    const { node } = of;
    const [before, after, ...others] = lengthsOf(of, 1);
    demand(constantOf(before) === 0, why);
    const element = constantValue(node);
    const flat = [0, 0, ...others.map(constantOf)];
    const paddings = node.input(0).shape.map((_, axis) => flat.slice(2 * axis, 2 * axis + 2));
    const x = node.b.op('PadV2', [node.input(0)], { paddings, constantValue: element });
    const rows = rowsOf(of, 0);
    const total = ix.add(rows, after);
    return bounded(of, filled(of, resized(of, x, mostOf(total)), rows, element), total);
  };

/** The first rows of a value. */
const slice: BoundedRule = (of) => {
  const { node, lengths } = of;
  const { b } = node;
  const [x] = node.inputs;
  const begin = node.numbers(1);
  const [size, ...others] = lengthsOf(of, 2);
  demand(begin[0] === 0, why);
  const rest = others.map((length, at) => {
    const wanted = constantOf(length);
    return wanted < 0 ? x.shape[at + 1] - begin[at + 1] : wanted;
  });
  const value = b.slice(x, begin, [x.shape[0], ...rest]);
  const rows = rowsOf(of, 0);
  if (size.max === -1) return bounded(of, value, rows);
  if (size.min >= 0 && ix.subtract(rows, size).min >= 0) return bounded(of, value, size);
  // −1 is all; more than there are is an error in TensorFlow.
  const [asked, most] = [lengths.scalar(size), lengths.scalar(rows)];
  const isAll = b.op('Less', [asked, b.scalar(0, 'int32')]);
  const wanted = b.op('Minimum', [b.op('Select', [isAll, most, asked]), most]);
  return bounded(of, value, lengths.count(wanted, rows.max));
};

const LOWEST: Readonly<Record<DType, number>> = { float32: -Infinity, int32: -(2 ** 31), bool: 0 };

/** What is found is as long as is counted; what is not meant is not found, with `element` in its place. */
const counted =
  (element: number, at: number): BoundedRule =>
  (of) => {
    const { node, rows, lengths } = of;
    demand(ix.isSame(rowsOf(of, 0), rowsOf(of, at)), why);
    const results = plainly(
      of,
      node.inputs.map((x, i) => (i === at ? filled(of, x, rows[i], element) : x)),
    );
    const count = results[results.length - 1].value;
    const cut = COUNTED_RESULTS[node.def.op];
    return results.map(({ value }, i) => ({
      value,
      rows: i < cut ? lengths.count(count, value.shape[0]) : undefined,
    }));
  };

/** What is more than rows that are computed by themselves. */
const RULES: Readonly<Record<string, BoundedRule>> = {
  // Scores of boxes are above no threshold then.
  ...Object.fromEntries(Object.keys(COUNTED_RESULTS).map((op) => [op, counted(-Infinity, 1)])),
  Where: counted(0, 0),
  Shape: (of) => {
    const { shape } = of.node.input(0);
    const rows = rowsOf(of, 0);
    const dims = shape.map((dim, axis) => (axis === 0 ? rows : ix.constant(dim)));
    return { value: of.lengths.vector(dims.map((dim) => of.lengths.scalar(dim))) };
  },
  Reshape: (of) => {
    const { b, def, inputs } = of.node;
    const dims = lengthsOf(of, 1);
    const known = dims.map((dim) => (ix.isConstant(dim) ? dim.offset : -1));
    const shape = b.hostConstant([known.length], 'int32', known);
    const [result] = [byRow({ ...of, node: new NodeImport(b, def, [inputs[0], shape]) })].flat();
    demand(ix.isConstant(dims[0]) || ix.isSame(dims[0], result.rows as Length), why);
    return result;
  },
  Sum: reduction(0),
  Prod: reduction(1),
  Any: reduction(0),
  GatherV2: gather,
  ConcatV2: concat,
  Pad: pad((node) => node.numberAttr('constant_value', 0)),
  PadV2: pad((node) => node.number(2, 0)),
  Slice: slice,
  Fill: (of) => {
    const { node } = of;
    const [rows, ...rest] = lengthsOf(of, 0);
    const shape = [mostOf(rows), ...rest.map(constantOf)];
    return bounded(of, node.b.broadcastTo(node.b.reshape(node.input(1), []), shape), rows);
  },
  Range: (of) => {
    const { node, lengths } = of;
    const { b } = node;
    const [[start], [stop], [step]] = [0, 1, 2].map((at) => lengthsOf(of, at));
    const counts = node.dtypeAttr('Tidx', 'float32') === 'int32';
    demand(counts && constantOf(start) === 0 && constantOf(step) === 1, why);
    const count = mostOf(stop);
    const rows =
      stop.min < 0
        ? lengths.count(b.op('Maximum', [lengths.scalar(stop), b.scalar(0, 'int32')]), count)
        : stop;
    return bounded(of, counting(b, count), rows);
  },
  TopKV2: (of) => {
    const x = of.node.input(0);
    if (x.shape.length > 1) return byRow(of);
    const [k] = lengthsOf(of, 1);
    demand(ix.subtract(rowsOf(of, 0), k).min >= 0, why);
    // Behind all that are meant: of equal ones the first comes first.
    const whole = filled(of, x, of.rows[0], LOWEST[x.dtype]);
    const found = topKLowerings.TopK.lower(of.node.b, [whole], { k: mostOf(k) });
    return [found].flat().map((value) => bounded(of, value, k));
  },
};

/** Imports a node of which operands, or integers that it needs, are known on the device only. */
export function importBounded(of: BoundedNode): readonly Bounded[] {
  const { op } = of.node.def;
  return [(Object.hasOwn(RULES, op) ? RULES[op] : byRow)(of)].flat();
}
