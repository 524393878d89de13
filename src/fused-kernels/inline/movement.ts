/** Data movement as index maps: a kernel that reads through one of these moves nothing. */
import type { Node, Shape } from '../../ir/graph';
import type { IndexExpr } from '../../ir/index-expression';
import * as ix from '../../ir/index-expression';
import type { IndexCallPayload, InlineRule, Operand } from '../wgsl/inliner';
import { LANE, vectorOffset } from '../wgsl/inliner';
import { vectorType } from '../wgsl/kernel-writer';

const reshape: InlineRule = (node, coords, inliner) => {
  const [input] = node.inputs;
  const { shape } = node.outputs[0];
  const offset = ix.linearize(coords, shape);
  // What cancels within bounds does not beyond them, as in a padded window.
  const isInside = coords.every(({ min, max }, axis) => min >= 0 && max < shape[axis]);
  const kept = isInside ? null : keptCoords(coords, shape, input.shape);
  return inliner.value(input, kept ?? ix.delinearize(offset, input.shape));
};

/** The coordinates in another shape, if that differs in dimensions of one element only. */
function keptCoords(
  coords: readonly IndexExpr[],
  shape: Shape,
  target: Shape,
): readonly IndexExpr[] | null {
  let next = 0;
  const kept = target.map((dim) => {
    while (next < shape.length && shape[next] === 1 && dim !== 1) next++;
    return shape[next] === dim ? coords[next++] : ix.zero;
  });
  const longDims = (dims: Shape): string => dims.filter((dim) => dim !== 1).join();
  return longDims(shape) === longDims(target) ? kept : null;
}

const transpose: InlineRule = (node, coords, inliner) => {
  const perm = node.attrs.perm as number[];
  const source = new Array<IndexExpr>(coords.length);
  perm.forEach((axis, i) => (source[axis] = coords[i]));
  return inliner.value(node.inputs[0], source);
};

const slice: InlineRule = (node, coords, inliner) => {
  const begin = node.attrs.begin as number[];
  const strides = node.attrs.strides as number[];
  return inliner.value(
    node.inputs[0],
    coords.map((coord, axis) => ix.shift(ix.scale(coord, strides[axis]), begin[axis])),
  );
};

const pad: InlineRule = (node, coords, inliner) => {
  const [input] = node.inputs;
  const paddings = node.attrs.paddings as [number, number][];
  const source = coords.map((coord, axis) => ix.shift(coord, -paddings[axis][0]));
  const bounds = source.map((coord, axis) => ({ coord, extent: input.shape[axis] }));
  return inliner.guard(bounds, input.dtype, node.attrs.constantValue as number, () =>
    inliner.value(input, source),
  );
};

/** `reflect`: d c b | a b c d | c b a; `symmetric`: c b a | a b c d | d c b. */
const mirrorPad: InlineRule = (node, coords, inliner) => {
  const [input] = node.inputs;
  const paddings = node.attrs.paddings as [number, number][];
  const edge = node.attrs.mode === 'reflect' ? 0 : 1;
  const source = coords.map((coord, axis) => {
    const [before, after] = paddings[axis];
    const extent = input.shape[axis];
    if (before === 0 && after === 0) return coord;
    const payload: IndexCallPayload = {
      emit: (args, { writer }) => {
        const [x] = args();
        const last = writer.uniforms.size(extent - 1, 'last', 'mirror');
        const low = edge === 0 ? `abs(${x})` : `max(${x}, -(${x}) - 1)`;
        return edge === 0
          ? `(${last} - abs(${last} - ${low}))`
          : `min(${low}, 2 * ${last} + 1 - ${low})`;
      },
    };
    const name = `mirror${edge}_${extent}`;
    return ix.call(name, [ix.shift(coord, -before)], payload, extent);
  });
  return inliner.value(input, source);
};

const concat: InlineRule = (node, coords, inliner) => {
  const axis = node.attrs.axis as number;
  const coord = coords[axis];
  const all = concatPieces(node, axis);
  const within = all.filter(({ begin, end }) => coord.max >= begin && coord.min < end);
  // Outside of all pieces: whoever asks hides what it gets (see `guard`).
  const pieces = within.length > 0 ? within : all.slice(0, 1);
  const aligned = pieces.length === 1 || (vectorOffset(coord) !== null && piecesAligned(pieces));
  if (ix.mentions(coord, LANE) && !aligned) {
    return inliner.perLane(coords, (lane) => concat(node, lane, inliner));
  }
  // Lanes of an aligned vec4 fall into one piece, so one comparison serves all four.
  const scalar = ix.substitute(coord, new Map([[LANE, ix.zero]]));
  const at = (begin: number): IndexExpr[] =>
    coords.map((c, i) => (i === axis ? ix.shift(c, -begin) : c));
  let result: Operand | null = null;
  for (const { begin, end, input } of [...pieces].reverse()) {
    const piece = inliner.moved(input, at(begin));
    if (!result) {
      result = piece;
      continue;
    }
    const width = result.width === 4 || piece.width === 4 ? 4 : 1;
    const test = `${inliner.index(scalar)} < ${inliner.writer.uniforms.size(end, 'end', '')}`;
    result = inliner.define(
      `select(${inliner.widen(result, width)}, ${inliner.widen(piece, width)}, ${test})`,
      width,
      piece.dtype,
      Math.max(result.depth, piece.depth, inliner.depthOf(scalar)),
    );
  }
  return result as Operand;
};

const tile: InlineRule = (node, coords, inliner) => {
  const [input] = node.inputs;
  return inliner.value(
    input,
    coords.map((coord, axis) => ix.mod(coord, input.shape[axis])),
  );
};

const broadcastTo: InlineRule = (node, coords, inliner) => {
  const [input] = node.inputs;
  return inliner.value(
    input,
    coords.map((coord, axis) => (input.shape[axis] === 1 ? ix.zero : coord)),
  );
};

const reverse: InlineRule = (node, coords, inliner) => {
  const dims = node.attrs.dims as number[];
  const { shape } = node.outputs[0];
  return inliner.value(
    node.inputs[0],
    coords.map((coord, axis) =>
      dims.includes(axis) ? ix.shift(ix.scale(coord, -1), shape[axis] - 1) : coord,
    ),
  );
};

/** An index outside picks zeros, as in tfjs. */
const gather: InlineRule = (node, coords, inliner) => {
  const [input, indices] = node.inputs;
  const axis = node.attrs.axis as number;
  const batchDims = node.attrs.batchDims as number;
  const indexRank = indices.shape.length - batchDims;
  const extent = input.shape[axis];
  const indexCoords = [...coords.slice(0, batchDims), ...coords.slice(axis, axis + indexRank)];
  if (indexCoords.some((coord) => ix.mentions(coord, LANE))) {
    return inliner.perLane(coords, (lane) => gather(node, lane, inliner));
  }
  const { writer } = inliner;
  const payload: IndexCallPayload = {
    emit: (_args, inner, atom) => {
      const index = inner.value(indices, atom.args);
      return `clamp(${index.code}, 0, ${inner.writer.uniforms.size(extent - 1, 'last', 'gather')})`;
    },
  };
  const value = inliner.value(input, [
    ...coords.slice(0, axis),
    ix.call(`gather${indices.id}_${extent}`, indexCoords, payload, extent),
    ...coords.slice(axis + indexRank),
  ]);
  const known = indices.constant?.host;
  if (known?.every((index) => index >= 0 && index < extent)) return value;
  const index = inliner.value(indices, indexCoords);
  const type = vectorType(value.dtype, value.width);
  // A negative index is a large one without a sign.
  const isInside = `u32(${index.code}) < u32(${writer.uniforms.size(extent, 'extent', 'gather')})`;
  return inliner.define(
    `select(${type}(0), ${value.code}, ${isInside})`,
    value.width,
    value.dtype,
    Math.max(value.depth, index.depth),
  );
};

/** `x` on the diagonal, 0 beside it: the first half of the coordinates is a row, the other a column. */
const diag: InlineRule = (node, coords, inliner) => {
  const [x] = node.inputs;
  const rank = x.shape.length;
  const row = coords.slice(0, rank);
  // Row − column is 0 on the diagonal, the only index of an extent of 1.
  const onDiagonal = row.map((coord, axis) => ({
    coord: ix.subtract(coord, coords[rank + axis]),
    extent: 1,
  }));
  return inliner.guard(onDiagonal, x.dtype, 0, () => inliner.value(x, row));
};

function concatPieces(node: Node, axis: number) {
  let begin = 0;
  return node.inputs.map((input) => {
    const piece = { input, begin, end: begin + input.shape[axis] };
    begin = piece.end;
    return piece;
  });
}

function piecesAligned(pieces: readonly { begin: number; end: number }[]): boolean {
  return pieces.every(({ begin, end }) => begin % 4 === 0 && end % 4 === 0);
}

export const movementRules: ReadonlyMap<string, InlineRule> = new Map([
  ['Reshape', reshape],
  ['Transpose', transpose],
  ['Slice', slice],
  ['PadV2', pad],
  ['MirrorPad', mirrorPad],
  ['Concat', concat],
  ['Tile', tile],
  ['BroadcastTo', broadcastTo],
  ['Reverse', reverse],
  ['GatherV2', gather],
  ['Diag', diag],
]);
