/** What the named operations share: arguments, their errors, and sums over broadcast dimensions. */
import {
  broadcast_util,
  reshape,
  sum,
  Tensor,
  tensor,
  type TensorLike,
} from '@tensorflow/tfjs-core';

/** A tensor, or what `tf.tensor` makes one of. */
export type Input = Tensor | TensorLike;

/** Throws an error that says what was got, what is needed, and what to do. */
export function fail(operation: string, got: string, needs: string, cure: string): never {
  throw new Error(`[webgpu-fused] ${operation}: got ${got}; needs ${needs}. ${cure}`);
}

/** A float32 tensor. @throws Error for a tensor of another dtype. */
export function floatTensor(operation: string, name: string, value: Input): Tensor {
  if (value == null) {
    return fail(
      operation,
      `${String(value)} for ${name}`,
      'a tensor',
      'Check the order of the arguments.',
    );
  }
  if (!(value instanceof Tensor)) return tensor(value, undefined, 'float32');
  value.throwIfDisposed();
  if (value.dtype === 'float32') return value;
  const cure = `Cast it: tf.cast(${name}, 'float32').`;
  return fail(operation, `${name} of dtype ${value.dtype}`, 'float32', cure);
}

/** A float32 tensor, or undefined where there is none. */
export function optionalTensor(
  operation: string,
  name: string,
  value: Input | null | undefined,
): Tensor | undefined {
  return value == null ? undefined : floatTensor(operation, name, value);
}

/** Whether `shape` broadcasts to `target` without making it larger. */
export function broadcastsTo(shape: readonly number[], target: readonly number[]): boolean {
  const offset = target.length - shape.length;
  return offset >= 0 && shape.every((dim, axis) => dim === 1 || dim === target[offset + axis]);
}

/** `x` summed over the dimensions along which `shape` was broadcast to it. */
export function sumTo(x: Tensor, shape: number[]): Tensor {
  const axes = broadcast_util.getReductionAxes(shape, x.shape);
  return reshape(axes.length > 0 ? sum(x, axes) : x, shape);
}
