/** Index arithmetic that the evaluators share. */
import { sizeOf, stridesOf, type Shape } from '../../ir/graph';

/** The strides with which `shape` is read under the broadcast shape `over`; 0 where it is stretched. */
export function broadcastStrides(shape: Shape, over: Shape): number[] {
  const strides = stridesOf(shape);
  const missing = over.length - shape.length;
  return over.map((_, axis) =>
    axis < missing || shape[axis - missing] === 1 ? 0 : strides[axis - missing],
  );
}

/** For every element of `shape` in order, its position under `strides`. */
export function positionsUnder(shape: Shape, strides: readonly number[], start = 0): Int32Array {
  const size = sizeOf(shape);
  const positions = new Int32Array(size);
  const coords = new Array<number>(shape.length).fill(0);
  let at = start;
  for (let flat = 0; flat < size; flat++) {
    positions[flat] = at;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis];
      if (++coords[axis] < shape[axis]) break;
      at -= strides[axis] * shape[axis];
      coords[axis] = 0;
    }
  }
  return positions;
}

/** Positions of the elements of `shape` among those of the broadcast shape `over`; null if they agree. */
export function broadcastPositions(shape: Shape, over: Shape): Int32Array | null {
  if (sizeOf(shape) === sizeOf(over)) return null;
  return positionsUnder(over, broadcastStrides(shape, over));
}
