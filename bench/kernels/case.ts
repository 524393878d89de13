/** What a case of the kernel benchmark is, and what it must show. */
import type * as tf from '@tensorflow/tfjs-core';
import type { attention, layerNorm, mlp } from '../../src/named';

/** Operations by name, which only `webgpu-fused` has kernels for. */
export interface NamedOps {
  readonly attention: typeof attention;
  readonly layerNorm: typeof layerNorm;
  readonly mlp: typeof mlp;
}

export type Group =
  | 'product'
  | 'convolution'
  | 'attention'
  | 'depthwise'
  | 'block'
  | 'normalisation'
  | 'reduction'
  | 'movement'
  | 'elementwise';

/** A kernel at one size: a function on stock, and the same on ours. */
export interface KernelCase {
  readonly name: string;
  readonly group: Group;
  /** Shapes of what changes from call to call. */
  readonly inputs: readonly (readonly number[])[];
  /** Shapes of what stays, as a model's weights do. */
  readonly weights: readonly (readonly number[])[];
  /** `named` is absent on stock: then the case is composed of tfjs's ops. */
  run(inputs: readonly tf.Tensor[], weights: readonly tf.Tensor[], named?: NamedOps): tf.Tensor;
  /** Floating point operations, a multiply-add being two. */
  readonly flops: number;
  /** Bytes that must move through memory at least: every operand and the result once. */
  readonly bytes: number;
  /** Which demand the case is judged by, besides that of all. */
  readonly demand?: Demand;
}

/** What must be shown: stock's time over ours, at least. */
export const DEMANDS = {
  all: { ratio: 1, text: 'every case at least as fast as stock' },
  product: { ratio: 1.4, text: 'products of 512³ and more' },
  window: { ratio: 1.6, text: '3×3 convolutions' },
  attention: { ratio: 2, text: 'attention to 512 keys and more' },
} as const;
export type Demand = Exclude<keyof typeof DEMANDS, 'all'>;

export const elements = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1);
