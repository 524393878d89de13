/** Arithmetic of shapes: broadcasting, axes, and how they are written in reasons. */
import type { DType, Shape, Value } from '../graph';
import { demand, refuse } from './refused';

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

/**
 * Sorted axes, counted from the front; all axes when `axes` is undefined. One that is named twice
 * has no form here: tfjs takes it for two in places.
 */
export function normalizeAxes(axes: readonly number[] | undefined, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  const normalized = axes.map((axis) => normalizeAxis(axis, rank)).sort((a, b) => a - b);
  demand(new Set(normalized).size === axes.length, () => `an axis twice in ${formatShape(axes)}`);
  return normalized;
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
