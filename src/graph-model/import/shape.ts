/** Ops that pass values on, tell their shapes, change their shapes, or make them from nothing. */
import { sizeOf, type Value } from '../../ir/graph';
import { refuse } from '../../ir/infer/refused';
import { broadcastShapes, formatShape, normalizeAxis } from '../../ir/infer/shape';
import { sourceLowerings } from '../../lowering/source';
import { invokes, type Importer, type ImportTable, type NodeImport } from './node-import';

const none = (): object => ({});

/** Replaces a -1 by what is left of `size`. */
function resolveShape(shape: readonly number[], size: number): number[] {
  const unknown = shape.indexOf(-1);
  if (unknown < 0) return [...shape];
  const known = shape.reduce((product, dim) => (dim === -1 ? product : product * dim), 1);
  if (known === 0 || size % known !== 0) refuse(`shape ${formatShape(shape)} does not fit ${size}`);
  return shape.map((dim, axis) => (axis === unknown ? size / known : dim));
}

function squeeze(node: NodeImport): Value {
  const x = node.input(0);
  const given = node.numbersAttr('axis') ?? node.numbersAttr('squeeze_dims') ?? [];
  const axes = given.map((axis) => normalizeAxis(axis, x.shape.length));
  if (axes.some((axis) => x.shape[axis] !== 1)) refuse(`axes ${axes} of ${formatShape(x.shape)}`);
  const gone = (dim: number, axis: number) => (axes.length ? axes.includes(axis) : dim === 1);
  return node.b.reshape(
    x,
    x.shape.filter((dim, axis) => !gone(dim, axis)),
  );
}

function expandDims(node: NodeImport): Value {
  const x = node.input(0);
  const axis = normalizeAxis(node.number(1), x.shape.length + 1);
  return node.b.reshape(x, [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)]);
}

function fill(node: NodeImport): Value {
  const value = node.input(1);
  const dtype = node.dtypeAttr('T', value.dtype);
  return node.b.broadcastTo(node.b.reshape(node.b.cast(value, dtype), []), node.numbers(0));
}

function filled(element: number): Importer {
  return invokes(sourceLowerings.Fill, (node) => ({
    shape: node.numbers(0),
    value: element,
    dtype: node.dtypeAttr('T', 'float32'),
  }));
}

/** Elements from `numLower` below to `numUpper` above the diagonal; all of a side where that is negative. */
function bandPart(node: NodeImport): Value {
  const { b } = node;
  const x = node.input(0);
  const [rows, columns] = x.shape.slice(-2);
  const [lower, upper] = [node.number(1), node.number(2)];
  const count = (length: number): number[] => Array.from({ length }, (_, at) => at);
  const below = b.op('Sub', [
    b.hostConstant([rows, 1], 'int32', count(rows)),
    b.hostConstant([columns], 'int32', count(columns)),
  ]);
  const inBand = b.op('LogicalAnd', [
    b.op('LessEqual', [below, b.scalar(lower < 0 ? rows : lower, 'int32')]),
    b.op('GreaterEqual', [below, b.scalar(upper < 0 ? -columns : -upper, 'int32')]),
  ]);
  return b.op('Select', [inBand, x, b.scalar(0, x.dtype)]);
}

function broadcastArgs(node: NodeImport): Value {
  const shape = broadcastShapes([node.numbers(0), node.numbers(1)]);
  return node.b.hostConstant([shape.length], 'int32', shape);
}

const identity: Importer = (node) => node.input(0);

function shapeOf(node: NodeImport, value: Value): Value {
  return node.b.hostConstant([value.shape.length], 'int32', value.shape);
}

export const shapeImports: ImportTable = {
  Identity: identity,
  StopGradient: identity,
  Snapshot: identity,
  // tfjs ignores the quantization.
  FakeQuantWithMinMaxVars: identity,
  IdentityN: (node) => node.inputs,
  Reshape: (node) => {
    const x = node.input(0);
    return node.b.reshape(x, resolveShape(node.numbers(1), sizeOf(x.shape)));
  },
  EnsureShape: (node) => {
    const x = node.input(0);
    const shape = node.numbers(1);
    const fits =
      shape.length === x.shape.length && shape.every((d, i) => d < 0 || d === x.shape[i]);
    return fits ? x : refuse(`shape ${formatShape(x.shape)} is not ${formatShape(shape)}`);
  },
  Squeeze: squeeze,
  ExpandDims: expandDims,
  Shape: (node) => shapeOf(node, node.input(0)),
  // Without a type, as tfjs has it: these are float32.
  ShapeN: (node) => node.inputs.map((value) => node.b.cast(shapeOf(node, value), 'float32')),
  Size: (node) => node.b.scalar(sizeOf(node.input(0).shape), 'int32'),
  Rank: (node) => node.b.scalar(node.input(0).shape.length, 'int32'),
  Range: invokes(sourceLowerings.Range, (node) => ({
    start: node.number(0),
    stop: node.number(1),
    step: node.number(2, 0),
    dtype: node.dtypeAttr('Tidx', 'float32'),
  })),
  LinSpace: invokes(sourceLowerings.LinSpace, (node) => ({
    start: node.number(0),
    stop: node.number(1),
    num: node.number(2),
  })),
  MatrixBandPart: bandPart,
  BroadcastArgs: broadcastArgs,
  OneHot: invokes(sourceLowerings.OneHot, (node) => ({
    depth: node.number(1),
    onValue: node.number(2, 1),
    offValue: node.number(3, 0),
    dtype: node.dtypeAttr('T', 'int32'),
  })),
  Fill: fill,
  ZerosLike: invokes(sourceLowerings.ZerosLike, none),
  OnesLike: invokes(sourceLowerings.OnesLike, none),
  Zeros: filled(0),
  Ones: filled(1),
};
