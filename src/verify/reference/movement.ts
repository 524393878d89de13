/** Kernels that move elements, and resizes. */
import { forEachIndex } from '../../ir/host-evaluate';
import { sizeOf, stridesOf, type Attrs, type Shape } from '../../ir/graph';
import type { Doubles, PrimitiveEvaluator } from './evaluator';
import { positionsUnder } from './indexing';

/** An output of the elements at `positions`; `fill` where the position is negative. */
function pick(x: Doubles, positions: Int32Array, fill = 0): Doubles {
  const result = new Float64Array(positions.length);
  for (let i = 0; i < result.length; i++) result[i] = positions[i] < 0 ? fill : x[positions[i]];
  return result;
}

/** Each axis of the output reads one of the input: `from` answers where, negative for nowhere. */
function byAxis(
  from: (at: number, axis: number, attrs: Attrs, shape: Shape) => number,
  fill: (attrs: Attrs) => number = () => 0,
): PrimitiveEvaluator {
  return ({ inputs: [{ shape }], outputs: [out], attrs }, [x]) => {
    const strides = stridesOf(shape);
    const tables = out.shape.map((dim, axis) =>
      Array.from({ length: dim }, (_, at) => from(at, axis, attrs, shape)),
    );
    const positions = new Int32Array(sizeOf(out.shape));
    forEachIndex(out.shape, (coords, flat) => {
      let position = 0;
      for (let axis = 0; axis < coords.length && position >= 0; axis++) {
        const source = tables[axis][coords[axis]];
        position = source < 0 ? -1 : position + source * strides[axis];
      }
      positions[flat] = position;
    });
    return pick(x, positions, fill(attrs));
  };
}

const repeat = byAxis((at, axis, _attrs, shape) => at % shape[axis]);

const transpose: PrimitiveEvaluator = ({ inputs: [{ shape }], outputs: [out], attrs }, [x]) => {
  const strides = stridesOf(shape);
  const perm = attrs.perm as number[];
  return pick(
    x,
    positionsUnder(
      out.shape,
      perm.map((axis) => strides[axis]),
    ),
  );
};

const paddings = (attrs: Attrs) => attrs.paddings as readonly (readonly [number, number])[];

/** The element that a mirror shows `before` its edge. */
function mirrored(at: number, extent: number, mode: unknown): number {
  const edge = mode === 'reflect' ? 0 : 1;
  if (at < 0) return -at - edge;
  return at >= extent ? 2 * extent - 2 - at + edge : at;
}

const concat: PrimitiveEvaluator = ({ inputs: values, outputs: [out], attrs }, inputs) => {
  const axis = attrs.axis as number;
  const inner = sizeOf(out.shape.slice(axis + 1));
  const outer = sizeOf(out.shape.slice(0, axis));
  const result = new Float64Array(sizeOf(out.shape));
  let offset = 0;
  values.forEach(({ shape }, k) => {
    const run = shape[axis] * inner;
    for (let row = 0; row < outer; row++) {
      const part = inputs[k].subarray(row * run, (row + 1) * run);
      result.set(part, row * out.shape[axis] * inner + offset);
    }
    offset += run;
  });
  return result;
};

/** Rows picked by index; an index outside picks zeros, as on every GPU backend of tfjs's. */
const gather: PrimitiveEvaluator = ({ inputs: [x, indices], attrs }, [elements, picks]) => {
  const { axis, batchDims } = attrs as { axis: number; batchDims: number };
  const batch = sizeOf(x.shape.slice(0, batchDims));
  const outer = sizeOf(x.shape.slice(batchDims, axis));
  const extent = x.shape[axis];
  const inner = sizeOf(x.shape.slice(axis + 1));
  const count = sizeOf(indices.shape.slice(batchDims));
  const result = new Float64Array(batch * outer * count * inner);
  let to = 0;
  for (let b = 0; b < batch; b++) {
    for (let o = 0; o < outer; o++) {
      for (let k = 0; k < count; k++, to += inner) {
        const index = picks[b * count + k];
        if (!(index >= 0 && index < extent)) continue;
        const from = ((b * outer + o) * extent + index) * inner;
        result.set(elements.subarray(from, from + inner), to);
      }
    }
  }
  return result;
};

/** Where along an axis of `inSize` an output element lies, as a quotient of integers. */
function sourceOf(
  at: number,
  inSize: number,
  outSize: number,
  attrs: Attrs,
  centre: number,
): readonly [numerator: number, denominator: number] {
  const isAligned = (attrs.alignCorners as boolean) && outSize > 1;
  const [from, to] = isAligned ? [inSize - 1, outSize - 1] : [inSize, outSize];
  return attrs.halfPixelCenters ? [(2 * at + 1) * from - centre * to, 2 * to] : [at * from, to];
}

const clamp = (at: number, extent: number): number => Math.min(Math.max(at, 0), extent - 1);

const resizeNearest: PrimitiveEvaluator = (node, inputs, precision) => {
  const [, height, width] = node.outputs[0].shape;
  return byAxis((at, axis, attrs, shape) => {
    if (axis === 0 || axis === 3) return at;
    const extent = shape[axis];
    const [over, under] = sourceOf(at, extent, axis === 1 ? height : width, attrs, 0);
    const index = attrs.alignCorners
      ? Math.floor((2 * over + under) / (2 * under))
      : Math.floor(over / under);
    return clamp(index, extent);
  })(node, inputs, precision);
};

const resizeBilinear: PrimitiveEvaluator = (
  { inputs: [x], outputs: [out], attrs },
  [elements],
  precision,
) => {
  const [batch, height, width, channels] = out.shape;
  const taps = (outSize: number, inSize: number) =>
    Array.from({ length: outSize }, (_, at) => {
      const [over, under] = sourceOf(at, inSize, outSize, attrs, 1);
      const low = Math.floor(over / under);
      return {
        low: clamp(low, inSize),
        high: clamp(Math.ceil(over / under), inSize),
        fraction: over / under - low,
      };
    });
  const rows = taps(height, x.shape[1]);
  const columns = taps(width, x.shape[2]);
  const mix = (low: number, high: number, fraction: number): number =>
    fraction === 0 ? low : precision.round('RealDiv', [], low + (high - low) * fraction);
  const result = new Float64Array(sizeOf(out.shape));
  let at = 0;
  for (let b = 0; b < batch; b++) {
    for (const row of rows) {
      for (const column of columns) {
        for (let c = 0; c < channels; c++, at++) {
          const read = (y: number, z: number): number =>
            elements[((b * x.shape[1] + y) * x.shape[2] + z) * channels + c];
          const along = (y: number): number =>
            mix(read(y, column.low), read(y, column.high), column.fraction);
          result[at] = mix(along(row.low), along(row.high), row.fraction);
        }
      }
    }
  }
  return result;
};

export const movements: Readonly<Record<string, PrimitiveEvaluator>> = {
  Reshape: (_node, [x]) => x,
  Transpose: transpose,
  Slice: byAxis(
    (at, axis, attrs) => (attrs.begin as number[])[axis] + at * (attrs.strides as number[])[axis],
  ),
  PadV2: byAxis(
    (at, axis, attrs, shape) => {
      const source = at - paddings(attrs)[axis][0];
      return source < shape[axis] ? source : -1;
    },
    (attrs) => attrs.constantValue as number,
  ),
  MirrorPad: byAxis((at, axis, attrs, shape) =>
    mirrored(at - paddings(attrs)[axis][0], shape[axis], attrs.mode),
  ),
  Tile: repeat,
  BroadcastTo: repeat,
  Reverse: byAxis((at, axis, attrs, shape) =>
    (attrs.dims as number[]).includes(axis) ? shape[axis] - 1 - at : at,
  ),
  Diag: ({ outputs: [out] }, [x]) => {
    const result = new Float64Array(sizeOf(out.shape));
    x.forEach((element, i) => (result[i * (x.length + 1)] = element));
    return result;
  },
  Concat: concat,
  GatherV2: gather,
  ResizeNearestNeighbor: resizeNearest,
  ResizeBilinear: resizeBilinear,
};
