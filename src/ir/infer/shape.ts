import type { DType, Shape, Value } from '../graph';
import { refuse } from './refused';

/** `[2,3]`, as shapes are written in reasons. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(',')}]`;
}

/** The shape that operands broadcast to, by NumPy's rules. */
export function broadcastShapes(shapes: readonly Shape[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    const offset = rank - shape.length;
    for (let axis = 0; axis < shape.length; axis++) {
      const dim = shape[axis];
      if (dim === 1 || dim === result[offset + axis]) continue;
      if (result[offset + axis] !== 1) {
        refuse(`shapes ${shapes.map(formatShape).join(' and ')} do not broadcast`);
      }
      result[offset + axis] = dim;
    }
  }
  return result;
}

/** Whether `shape` broadcasts to `target` without making it larger. */
export function broadcastsTo(shape: Shape, target: Shape): boolean {
  const offset = target.length - shape.length;
  return offset >= 0 && shape.every((dim, axis) => dim === 1 || dim === target[offset + axis]);
}

/** `axis` counted from the front. */
export function normalizeAxis(axis: number, rank: number): number {
  const normalized = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(normalized) || normalized < 0 || normalized >= rank) {
    refuse(`axis ${axis} is outside a value of rank ${rank}`);
  }
  return normalized;
}

/** Sorted distinct axes, counted from the front; all axes when `axes` is undefined. */
export function normalizeAxes(axes: readonly number[] | undefined, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  return [...new Set(axes.map((axis) => normalizeAxis(axis, rank)))].sort((a, b) => a - b);
}

/** Refuses unless `value` has rank `rank`. */
export function demandRank(value: Value, rank: number, what: string): void {
  if (value.shape.length !== rank) {
    refuse(`${what} has shape ${formatShape(value.shape)}; needs rank ${rank}`);
  }
}

/** Refuses unless all values have one dtype; returns it. */
export function demandSameType(values: readonly Value[]): DType {
  const { dtype } = values[0];
  if (values.some((value) => value.dtype !== dtype)) {
    refuse(`operands have types ${values.map((value) => value.dtype).join(', ')}`);
  }
  return dtype;
}
