/** What `bench:transformer` runs, and the dispatches each case may take. */
import type { io } from '@tensorflow/tfjs-core';
import { LAYERS, writeTransformer, type Exporter } from '../../test/support/transformers/blocks';
import { writeMlp, type Activation } from '../../test/support/transformers/mlp';

export interface TransformerCase {
  readonly name: string;
  readonly artifacts: () => io.ModelArtifacts;
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  /** Inputs are uploaded for each run; elsewhere they are on the GPU before. */
  readonly uploads?: boolean;
  /** Most dispatches; more fails the benchmark. */
  readonly dispatches: number;
}

/** An encoder block of width 256, 4 heads, 128 tokens and 1024 hidden. */
function block(exporter: Exporter, layers: number, each: number): TransformerCase {
  const hasMask = exporter !== 'gpt2' && exporter !== 't5';
  return {
    name: layers === 1 ? `${exporter} block` : `${exporter}, ${layers} blocks`,
    artifacts: () => writeTransformer(exporter, { layers }).artifacts(),
    inputs: { x: [1, 128, 256], ...(hasMask ? { mask: [1, 128] } : {}) },
    dispatches: each * layers,
  };
}

function mlp(
  name: string,
  rows: number,
  widths: readonly number[],
  most: number,
  activation?: Activation,
): TransformerCase {
  return {
    name,
    artifacts: () => writeMlp(rows, widths, activation).artifacts(),
    inputs: { x: [rows, widths[0]] },
    dispatches: most,
  };
}

export const CASES: readonly TransformerCase[] = [
  ...(Object.keys(LAYERS) as Exporter[]).map((name) => block(name, 1, 7)),
  block('bert', 4, 7),
  mlp('mlp, 32 rows', 32, [784, 2048, 2048, 512], 3),
  mlp('mlp, 1 row', 1, [784, 2048, 2048, 512], 3),
  mlp('small mlp, 64 rows', 64, [128, 256, 256, 64], 1),
  mlp('small mlp, 1 row', 1, [128, 256, 256, 64], 1),
  mlp('linear layers', 128, [256, 1024, 256, 512], 1, 'linear'),
];
