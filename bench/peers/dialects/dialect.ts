/**
 * What networks are written with, once: every runtime says these operations in its own way, the way
 * that its exporters or its users write them.
 */
import { seededWeight } from '../../../test/support/transformers/writer';

/** Elementwise operations of one operand. */
export type Unary = 'tanh' | 'relu' | 'sqrt' | 'exp';
/** Elementwise operations with a number. */
export type Scaling = 'add' | 'mul' | 'sub';

export interface Dialect<T> {
  /** The input. */
  input(shape: readonly number[]): T;
  /** The next random weights, `around ± size`: the same numbers in every dialect. */
  weight(shape: readonly number[], size?: number, around?: number): T;
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
