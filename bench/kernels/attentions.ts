/** Attention: of the first measurements, held-out sizes, and one query over many keys. */
import * as tf from '@tensorflow/tfjs-core';
import type { KernelCase } from './case';

/** `softmax(q · kᵀ / √depth) · v` of each head. */
function attend(heads: number, queries: number, keys: number, depth: number): KernelCase {
  const scale = 1 / Math.sqrt(depth);
  const size =
    queries === keys ? `${heads}·${keys}·${depth}` : `${heads}·${queries}→${keys}·${depth}`;
  const flops = 4 * heads * queries * keys * depth;
  return {
    name: `attention ${size}`,
    group: 'attention',
    inputs: [
      [1, heads, queries, depth],
      [1, heads, keys, depth],
      [1, heads, keys, depth],
    ],
    weights: [],
    run: ([q, k, v], _, named) =>
      named
        ? named.attention(q, k, v, { scale })
        : tf.matMul(tf.softmax(tf.mul(tf.matMul(q, k, false, true), scale)), v),
    flops,
    bytes: 8 * heads * (queries + keys) * depth,
    ...(keys >= 512 ? { demand: 'attention' } : {}),
  };
}

export const ATTENTIONS: readonly KernelCase[] = [
  attend(8, 128, 128, 64),
  attend(8, 512, 512, 64),
  attend(8, 2048, 2048, 64),
  attend(8, 1, 2048, 64),
  // Held out when the first rule was fitted.
  attend(8, 512, 512, 32),
  attend(8, 512, 512, 128),
  attend(12, 197, 197, 64),
  attend(16, 1024, 1024, 64),
  attend(8, 4096, 4096, 64),
  attend(8, 1, 512, 64),
  attend(8, 1, 4096, 64),
  // Of models.
  attend(12, 128, 128, 64),
  attend(12, 512, 512, 64),
  attend(4, 64, 64, 32),
];
