/**
 * What networks are written with, once: every runtime says these operations in its own way, the way
 * that its exporters or its users write them.
 */
import { seededWeight } from '../../../test/support/transformers/writer';

/** Elementwise operations of one operand. */
export type Unary = 'tanh' | 'relu' | 'relu6' | 'sqrt' | 'exp';
/** Elementwise operations with a number. */
export type Scaling = 'add' | 'mul' | 'sub';

export type FilterKind = 'full' | 'depthwise';
export type FilterShape = readonly [rows: number, columns: number, from: number, to: number];

export interface Dialect<T> {
  /** The input; an image is `[batch, rows, columns, channels]`, as pages have it, whatever order a runtime computes in. */
  input(shape: readonly number[]): T;
  /** The next random weights, `around ± size`: the same numbers in every dialect. */
  weight(shape: readonly number[], size?: number, around?: number): T;
  /**
   * The next random weights of a convolution, `[rows, columns, in, out]`, or of a depthwise one, `[rows, columns,
   * channels, 1]`, in the order that the runtime wants.
   */
  filter(kind: FilterKind, shape: FilterShape): T;
  /** A convolution of images with as many pixels at the edges as the stride asks for ('SAME'), and a bias. */
  convolution(kind: FilterKind, x: T, filter: T, bias: T, stride: number): T;
  /** The mean of all pixels of each image and channel: `[batch, channels]`. */
  meanOfPixels(x: T): T;
  /** x · kernel + bias, over the last axis. */
  dense(x: T, kernel: T, bias: T): T;
  /** The exact GELU, x · Φ(x). */
  gelu(x: T): T;
  /** (x − mean) / √(variance + 1e-5) · scale + shift, over the last axis. */
  layerNorm(x: T, scale: T, shift: T): T;
  /** softmax(q · kᵀ / √d) · v for each head, of `[batch, tokens, width]`. */
  attention(q: T, k: T, v: T, heads: number): T;
  sum(a: T, b: T): T;
  unary(op: Unary, x: T): T;
  scale(op: Scaling, x: T, by: number): T;
  /** The mean of all elements, a scalar. */
  mean(x: T): T;
}

/** A network in any dialect; answers its output. */
export type Network = <T>(d: Dialect<T>) => T;

export const EPSILON = 1e-5;

/** Draws weights in the order in which a network asks for them. */
export class WeightSource {
  private seed = 1;

  next(shape: readonly number[], size?: number, around?: number): Float32Array {
    return seededWeight(this.seed++, shape, size, around);
  }
}

/** Such that a layer of rectified values neither grows nor shrinks them (He et al. 2015). */
const filterSize = (kind: FilterKind, [rows, columns, from]: FilterShape): number =>
  Math.sqrt(6 / (rows * columns * (kind === 'full' ? from : 1)));

/** The next random filter, as TensorFlow has it. */
export function nextFilter(
  source: WeightSource,
  kind: FilterKind,
  shape: FilterShape,
): Float32Array {
  return source.next(shape, filterSize(kind, shape));
}

/** The next random filter with channels first, as PyTorch and JAX have it: `[out, in, rows, columns]`. */
export function nextFilterChannelsFirst(
  source: WeightSource,
  kind: FilterKind,
  shape: FilterShape,
): { readonly data: Float32Array; readonly shape: readonly number[] } {
  const given = nextFilter(source, kind, shape);
  const [rows, columns, a, b] = shape;
  const [outs, ins] = kind === 'full' ? [b, a] : [a, b];
  const data = new Float32Array(given.length);
  let at = 0;
  for (let out = 0; out < outs; out++) {
    for (let from = 0; from < ins; from++) {
      const [third, fourth] = kind === 'full' ? [from, out] : [out, from];
      for (let pixel = 0; pixel < rows * columns; pixel++) {
        data[at++] = given[(pixel * a + third) * b + fourth];
      }
    }
  }
  return { data, shape: [outs, ins, rows, columns] };
}
