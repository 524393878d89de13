import { sameShape, sizeOf, type Shape, type Value } from '../../ir/graph';
import { refuse } from '../../ir/infer/refused';
import { formatShape, normalizeAxes, normalizeAxis } from '../../ir/infer/shape';
import type { ImportTable, NodeImport } from './node-import';

function transpose(node: NodeImport): Value {
  const x = node.input(0);
  const perm = node.inputs.length > 1 ? node.numbers(1) : x.shape.map((_, axis) => axis).reverse();
  return node.b.transpose(x, perm);
}

function concat(node: NodeImport, inputs: readonly Value[], axis: number): Value {
  const wanted = inputs.slice(0, node.numberAttr('N', 2));
  const at = normalizeAxis(axis, wanted[0].shape.length);
  const filled = wanted.filter((value) => sizeOf(value.shape) > 0);
  return node.b.op('Concat', filled.length ? filled : wanted.slice(0, 1), { axis: at });
}

function pack(node: NodeImport): Value {
  const { shape } = node.input(0);
  const axis = normalizeAxis(node.numberAttr('axis', 0), shape.length + 1);
  const rows = node.inputs.map((value) =>
    node.b.reshape(value, [...shape.slice(0, axis), 1, ...shape.slice(axis)]),
  );
  return node.b.op('Concat', rows, { axis });
}

/** Consecutive parts of the given sizes along an axis. */
function splitAt(node: NodeImport, x: Value, sizes: readonly number[], axis: number): Value[] {
  let offset = 0;
  const parts = sizes.map((size) => {
    const begin = x.shape.map((_, at) => (at === axis ? offset : 0));
    offset += size;
    return node.b.slice(
      x,
      begin,
      x.shape.map((dim, at) => (at === axis ? size : dim)),
    );
  });
  if (offset !== x.shape[axis]) refuse(`sizes ${sizes} do not add up to ${x.shape[axis]}`);
  return parts;
}

function split(node: NodeImport): Value[] {
  const x = node.input(1);
  const axis = normalizeAxis(node.number(0), x.shape.length);
  const count = node.numberAttr('num_split', 1);
  const sizes = new Array<number>(count).fill(x.shape[axis] / count);
  return splitAt(node, x, sizes, axis);
}

function splitV(node: NodeImport): Value[] {
  const x = node.input(0);
  const axis = normalizeAxis(node.number(2, 0), x.shape.length);
  const sizes = node.numbers(1);
  const known = sizes.reduce((sum, size) => (size < 0 ? sum : sum + size), 0);
  return splitAt(
    node,
    x,
    sizes.map((size) => (size < 0 ? x.shape[axis] - known : size)),
    axis,
  );
}

function unpack(node: NodeImport): Value[] {
  const x = node.input(0);
  const axis = normalizeAxis(node.numberAttr('axis', 0), x.shape.length);
  const rows = splitAt(node, x, new Array<number>(x.shape[axis]).fill(1), axis);
  const shape = x.shape.filter((_, at) => at !== axis);
  return rows.map((row) => node.b.reshape(row, shape));
}

function tile(node: NodeImport): Value {
  const x = node.input(0);
  const reps = node.numbers(1);
  if (reps.length !== x.shape.length) refuse(`${reps.length} repeats of ${formatShape(x.shape)}`);
  return node.b.op(
    'Tile',
    [x],
    {},
    node.b.origins,
    x.shape.map((dim, axis) => dim * reps[axis]),
  );
}

/** Rows of two: what to add before and after each axis. */
function paddings(node: NodeImport, at: number): [number, number][] {
  const flat = node.numbers(at);
  return Array.from({ length: flat.length / 2 }, (_, axis) => [flat[2 * axis], flat[2 * axis + 1]]);
}

function pad(node: NodeImport, constantValue: number): Value {
  return node.b.op('PadV2', [node.input(0)], { paddings: paddings(node, 1), constantValue });
}

function mirrorPad(node: NodeImport): Value {
  const mode = node.stringAttr('mode');
  if (mode !== 'reflect' && mode !== 'symmetric') refuse(`mode is ${mode}`);
  return node.b.op('MirrorPad', [node.input(0)], { paddings: paddings(node, 1), mode });
}

function reverse(node: NodeImport, axes: readonly number[]): Value {
  const x = node.input(0);
  return node.b.op('Reverse', [x], { dims: normalizeAxes(axes, x.shape.length) });
}

function gather(node: NodeImport, axis: number, batchDims: number): Value {
  const x = node.input(0);
  const indices = node.b.cast(node.input(1), 'int32');
  return node.b.op('GatherV2', [x, indices], {
    axis: normalizeAxis(axis, x.shape.length),
    batchDims: batchDims < 0 ? batchDims + indices.shape.length : batchDims,
  });
}

/** Indices into the first axes become indices into their product. */
function gatherNd(node: NodeImport): Value {
  const [x, indices] = [node.input(0), node.input(1)];
  const depth = indices.shape[indices.shape.length - 1];
  const outer = indices.shape.slice(0, -1);
  const [indexed, inner] = [x.shape.slice(0, depth), x.shape.slice(depth)];
  let flat: Value | undefined;
  for (let axis = 0; axis < depth; axis++) {
    const begin = [...outer.map(() => 0), axis];
    const column = node.b.reshape(node.b.slice(indices, begin, [...outer, 1]), outer);
    const stride = node.b.scalar(sizeOf(indexed.slice(axis + 1)), 'int32');
    const term = axis < depth - 1 ? node.b.op('Multiply', [column, stride]) : column;
    flat = flat ? node.b.op('Add', [flat, term]) : term;
  }
  const rows = node.b.reshape(x, [sizeOf(indexed), ...inner]);
  return node.b.op('GatherV2', [rows, flat ?? refuse('no indices')], { axis: 0, batchDims: 0 });
}

function resize(kernel: string) {
  return (node: NodeImport): Value => {
    const images = node.input(0);
    const [height, width] = node.numbers(1);
    const x = images.shape.length === 3 ? node.b.reshape(images, [1, ...images.shape]) : images;
    const attrs = {
      alignCorners: node.boolAttr('align_corners'),
      halfPixelCenters: node.boolAttr('half_pixel_centers'),
    };
    const shape: Shape = [x.shape[0], height, width, x.shape[3]];
    const resized = node.b.op(kernel, [x], attrs, node.b.origins, shape);
    return sameShape(x.shape, images.shape) ? resized : node.b.reshape(resized, shape.slice(1));
  };
}

/** Ops that move elements, and resizes. */
export const movementImports: ImportTable = {
  Transpose: transpose,
  ConcatV2: (node) => concat(node, node.inputs.slice(0, -1), node.number(-1)),
  Concat: (node) => concat(node, node.inputs.slice(1), node.number(0)),
  Pack: pack,
  Split: split,
  SplitV: splitV,
  Unpack: unpack,
  Tile: tile,
  BroadcastTo: (node) => node.b.broadcastTo(node.input(0), node.numbers(1)),
  Pad: (node) => pad(node, node.numberAttr('constant_value', 0)),
  PadV2: (node) => pad(node, node.number(2, 0)),
  MirrorPad: mirrorPad,
  ReverseV2: (node) => reverse(node, node.numbers(1)),
  Reverse: (node) =>
    reverse(
      node,
      node.numbers(1).flatMap((on, axis) => (on ? [axis] : [])),
    ),
  Gather: (node) => gather(node, 0, 0),
  GatherV2: (node) => gather(node, node.number(2, 0), node.numberAttr('batch_dims', 0)),
  GatherNd: gatherNd,
  ResizeBilinear: resize('ResizeBilinear'),
  ResizeNearestNeighbor: resize('ResizeNearestNeighbor'),
};
