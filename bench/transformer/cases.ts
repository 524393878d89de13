/** What `bench:transformer` runs, and the dispatches each case may take. */
import type { io } from '@tensorflow/tfjs-core';
import { LAYERS, writeTransformer, type Exporter } from '../../test/support/transformers/blocks';
import { writeMlp } from '../../test/support/transformers/mlp';

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

function mlp(name: string, rows: number, widths: readonly number[], most: number): TransformerCase {
  return {
    name,
    artifacts: () => writeMlp(rows, widths).artifacts(),
    inputs: { x: [rows, widths[0]] },
    dispatches: most,
  };
}

export const CASES: readonly TransformerCase[] = [
  // A gated unit has one matrix product more than a plain one.
  ...(Object.keys(LAYERS) as Exporter[]).map((name) => block(name, 1, name === 't5' ? 8 : 7)),
  block('bert', 4, 7),
  mlp('mlp, 32 rows', 32, [784, 2048, 2048, 512], 3),
  mlp('mlp, 1 row', 1, [784, 2048, 2048, 512], 3),
];
