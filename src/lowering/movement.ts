/** Kernels that rearrange, join and repeat elements. */
import type { GraphBuilder } from '../ir/builder';
import { sameShape, sizeOf, type Shape, type Value } from '../ir/graph';
import { demand } from '../ir/infer/refused';
import { formatShape, normalizeAxes, normalizeAxis } from '../ir/infer/shape';
import { lowering, variadic, type AxisAttrs } from './lowering';

/** What to add before and after each axis. */
export type Paddings = readonly (readonly [before: number, after: number])[];

/** All in the type of the first, as they are joined. */
function ofOneType(b: GraphBuilder, parts: readonly Value[]): readonly Value[] {
  const [{ dtype }] = parts;
  const fits = dtype !== 'bool' || parts.every((part) => part.dtype === dtype);
  demand(fits, () => 'tfjs stores numbers as truth values');
  return parts.map((part) => b.cast(part, dtype));
}

/** Values of no elements add nothing. */
function concat(b: GraphBuilder, given: readonly Value[], { axis }: AxisAttrs): Value {
  const parts = ofOneType(b, given);
  const filled = parts.filter(({ shape }) => sizeOf(shape) > 0);
  return b.op('Concat', filled.length > 0 ? filled : parts.slice(0, 1), {
    axis: normalizeAxis(axis, parts[0].shape.length),
  });
}

function pack(b: GraphBuilder, parts: readonly Value[], attrs: AxisAttrs): Value {
  const { shape, dtype } = parts[0];
  const fits = parts.every((part) => sameShape(part.shape, shape) && part.dtype === dtype);
  demand(fits, () => 'its inputs differ in shape or type');
  const axis = normalizeAxis(attrs.axis, shape.length + 1);
  const row = [...shape.slice(0, axis), 1, ...shape.slice(axis)];
  return b.op(
    'Concat',
    parts.map((part) => b.reshape(part, row)),
    { axis },
  );
}

function tile(b: GraphBuilder, x: Value, reps: readonly number[]): Value {
  demand(reps.length === x.shape.length, () => `${reps.length} repeats of ${formatShape(x.shape)}`);
  const shape = x.shape.map((dim, axis) => dim * reps[axis]);
  return b.op('Tile', [x], {}, b.origins, shape);
}

function mirrorPad(b: GraphBuilder, x: Value, paddings: Paddings, mode: string): Value {
  demand(mode === 'reflect' || mode === 'symmetric', () => `mode is ${mode}`);
  return b.op('MirrorPad', [x], { paddings, mode });
}

/** Along all axes, if none is named. */
function reverse(b: GraphBuilder, x: Value, dims?: number | readonly number[]): Value {
  const named = [dims ?? x.shape.map((_, axis) => axis)].flat();
  return b.op('Reverse', [x], { dims: normalizeAxes(named, x.shape.length) });
}

interface PadAttrs {
  readonly paddings: Paddings;
  readonly constantValue: number;
}

export const movementLowerings = {
  Transpose: lowering(['x'], (b, [x], { perm }: { perm: readonly number[] }) =>
    b.transpose(x, perm),
  ),
  Concat: variadic((b, parts, attrs: AxisAttrs) => concat(b, parts, attrs)),
  Pack: variadic((b, parts, attrs: AxisAttrs) => pack(b, parts, attrs)),
  Tile: lowering(['x'], (b, [x], { reps }: { reps: readonly number[] }) => tile(b, x, reps)),
  BroadcastTo: lowering(['x'], (b, [x], { shape }: { shape: Shape }) => b.broadcastTo(x, shape)),
  PadV2: lowering(['x'], (b, [x], { paddings, constantValue }: PadAttrs) =>
    b.op('PadV2', [x], { paddings, constantValue }),
  ),
  MirrorPad: lowering(['x'], (b, [x], attrs: { paddings: Paddings; mode: string }) =>
    mirrorPad(b, x, attrs.paddings, attrs.mode),
  ),
  Reverse: lowering(['x'], (b, [x], { dims }: { dims?: number | readonly number[] }) =>
    reverse(b, x, dims),
  ),
  Diag: lowering(['x'], (b, [x]) => b.op('Diag', [x])),
  /** Columns of NHWC images. */
  FlipLeftRight: lowering(['image'], (b, [image]) => reverse(b, image, 2)),
};
