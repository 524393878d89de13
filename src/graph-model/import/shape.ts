import { sizeOf, type Value } from '../../ir/graph';
import { refuse } from '../../ir/infer/refused';
import { formatShape, normalizeAxis } from '../../ir/infer/shape';
import type { Importer, ImportTable, NodeImport } from './node-import';

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

function range(node: NodeImport): Value {
  const [start, stop] = [node.number(0), node.number(1)];
  const given = node.number(2, 0);
  const dtype = node.dtypeAttr('Tidx', 'float32');
  if (given === 0) refuse('step is 0');
  const empty = start === stop || (start < stop && given < 0) || (stop < start && given > 1);
  const length = empty ? 0 : Math.abs(Math.ceil((stop - start) / given));
  const step = stop < start && given === 1 ? -1 : given;
  const values = new Float64Array(length);
  // tfjs accumulates in the output's own precision.
  const round = dtype === 'float32' ? Math.fround : Math.trunc;
  for (let i = 0; i < length; i++) values[i] = i === 0 ? round(start) : round(values[i - 1] + step);
  return node.b.hostConstant([length], dtype, values);
}

function oneHot(node: NodeImport): Value {
  const indices = node.input(0);
  const depth = node.number(1);
  const dtype = node.dtypeAttr('T', 'int32');
  if (depth < 2) refuse(`depth is ${depth}`);
  const columns = node.b.hostConstant(
    [depth],
    'int32',
    Array.from({ length: depth }, (_, i) => i),
  );
  const rows = node.b.reshape(indices, [...indices.shape, 1]);
  const hit = node.b.op('Equal', [rows, columns]);
  const [on, off] = [node.number(2, 1), node.number(3, 0)];
  return node.b.op('Select', [hit, node.b.scalar(on, dtype), node.b.scalar(off, dtype)]);
}

function fill(node: NodeImport): Value {
  const value = node.input(1);
  const dtype = node.dtypeAttr('T', value.dtype);
  return node.b.broadcastTo(node.b.reshape(node.b.cast(value, dtype), []), node.numbers(0));
}

function like(element: number): Importer {
  return (node) => node.fill(node.input(0).shape, element, node.input(0).dtype);
}

function filled(element: number): Importer {
  return (node) => node.fill(node.numbers(0), element, node.dtypeAttr('T', 'float32'));
}

const identity: Importer = (node) => node.input(0);

function shapeOf(node: NodeImport, value: Value): Value {
  return node.b.hostConstant([value.shape.length], 'int32', value.shape);
}

/** Ops that pass values on, tell their shapes, change their shapes, or make them from nothing. */
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
  Range: range,
  OneHot: oneHot,
  Fill: fill,
  ZerosLike: like(0),
  OnesLike: like(1),
  Zeros: filled(0),
  Ones: filled(1),
};
