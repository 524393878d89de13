/** Outputs of tfjs's `cpu` backend, which judge the others; slow, hence kept in `.cache`. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import * as tf from '@tensorflow/tfjs-core';
import { CACHE } from '../../tools/support/process.mjs';
import { createValues } from '../models/inputs';
import type { ModelEntry } from '../models/types';
import type { OutputValues } from '../../src/measure/inference';
import { ModelSession } from './session';

const FOLDER = join(CACHE, 'reference');

/** The outputs of a model for inputs of a seed, computed on `cpu` when they are not cached. */
export async function referenceOutputs(entry: ModelEntry, seed: number): Promise<OutputValues[]> {
  const file = join(FOLDER, `${entry.name}-${referenceKey(entry, seed)}.bin`);
  if (existsSync(file)) return deserialize(readFileSync(file)) as OutputValues[];
  const session = await ModelSession.open(entry, 'cpu', seed);
  const outputs = await sparingKept(() => session.outputs());
  session.dispose();
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(file, serialize(outputs));
  return outputs;
}

/**
 * Runs a model whose loops keep tensors in lists. tfjs-converter 4.22 disposes of such tensors at
 * the end of a loop's body, although they are marked as kept (3.21 did not): without this,
 * vscode-languagedetection fails on every backend.
 */
async function sparingKept<T>(run: () => Promise<T>): Promise<T> {
  const { prototype } = tf.Tensor;
  const dispose = prototype.dispose;
  prototype.dispose = function (this: tf.Tensor): void {
    if (!this.kept) dispose.call(this);
  };
  try {
    return await run();
  } finally {
    prototype.dispose = dispose;
  }
}

/** Changes with the model, the version of tfjs, and the very values that go in. */
function referenceKey(entry: ModelEntry, seed: number): string {
  const hash = createHash('sha256').update(JSON.stringify([entry.source, tf.version_core]));
  for (const spec of entry.inputs) {
    const values = createValues(spec, seed);
    hash.update(Array.isArray(values) ? values.join('\0') : new Uint8Array(values.buffer));
  }
  return hash.digest('hex').slice(0, 16);
}
