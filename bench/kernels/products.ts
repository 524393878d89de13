/** Matrix products: of the first measurements, held-out sizes, and those of models. */
import * as tf from '@tensorflow/tfjs-core';
import type { KernelCase } from './case';

const LARGE = 2 * 512 ** 3;

const demandOf = (flops: number): Pick<KernelCase, 'demand'> =>
  flops >= LARGE ? { demand: 'product' } : {};

/** A dense layer as graph models and layers have it: product, bias, relu. */
function dense(rows: number, depth: number, columns: number, note = ''): KernelCase {
  const flops = 2 * rows * depth * columns;
  const isCube = rows === depth && depth === columns;
  const size = isCube ? `${rows}³` : `${rows}·${depth}·${columns}`;
  return {
    name: `product ${size}${note && ` (${note})`}`,
    group: 'product',
    inputs: [[rows, depth]],
    weights: [[depth, columns], [columns]],
    run: ([a], [b, bias]) => tf.fused.matMul({ a, b, bias, activation: 'relu' }),
    flops,
    bytes: 4 * (rows * depth + depth * columns + rows * columns),
    ...demandOf(flops),
  };
}

/** A batch of products of two activations. */
function batched(
  batch: number,
  [rows, depth, columns]: readonly [number, number, number],
  transposeB: boolean,
): KernelCase {
  const flops = 2 * batch * rows * depth * columns;
  const right = transposeB ? [batch, columns, depth] : [batch, depth, columns];
  return {
    name: `product ${batch}·(${rows}·${depth}·${columns})${transposeB ? ' Bᵀ' : ''}`,
    group: 'product',
    inputs: [[batch, rows, depth], right],
    weights: [],
    run: ([a, b]) => tf.matMul(a, b, false, transposeB),
    flops,
    bytes: 4 * batch * (rows * depth + depth * columns + rows * columns),
    ...demandOf(flops),
  };
}

export const PRODUCTS: readonly KernelCase[] = [
  dense(1024, 1024, 1024),
  dense(512, 512, 512),
  dense(128, 256, 1024),
  dense(64, 256, 256),
  dense(32, 2048, 2048),
  dense(1, 2048, 2048),
  batched(8, [512, 64, 512], true),
  batched(8, [512, 512, 64], false),
  // Held out when the first rule was fitted.
  dense(2048, 2048, 2048),
  dense(1000, 1000, 1000),
  dense(197, 333, 511),
  dense(77, 1021, 255),
  dense(4, 2048, 2048),
  dense(8, 2048, 2048),
  // Of models.
  dense(128, 768, 768, 'BERT, 128 tokens'),
  dense(128, 768, 3072, 'BERT, 128 tokens'),
  dense(128, 3072, 768, 'BERT, 128 tokens'),
  dense(512, 768, 768, 'BERT, 512 tokens'),
  dense(512, 768, 3072, 'BERT, 512 tokens'),
  dense(512, 3072, 768, 'BERT, 512 tokens'),
  batched(12, [128, 64, 128], true),
  dense(1, 1280, 1000, 'MobileNet head'),
  dense(1, 2048, 1000, 'ResNet head'),
  dense(1, 768, 3072, 'GPT, one token'),
  dense(1, 3072, 768, 'GPT, one token'),
  dense(32, 128, 512, 'LSTM gates'),
];
