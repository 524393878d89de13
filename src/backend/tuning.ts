/** Measurements of kernels as JSON: to keep them with an app, or to look at them. */
import { engine } from '@tensorflow/tfjs-core';
import type { TuningJson, TuningTable } from '../runtime/tuning/table';
import { BACKEND_NAME, WebGPUFusedBackend } from './backend';

/**
 * What was measured on this adapter, by `warmup` with `tune` or elsewhere, as plain data.
 * @throws Error unless `webgpu-fused` is the backend
 */
export function exportTuning(): TuningJson {
  return tableOf('exportTuning').toJSON();
}

/**
 * Takes over what {@link exportTuning} gave, as an object or as text: plans that are compiled from now
 * on are the same as there. Choices that are known already are replaced.
 * @returns how many choices there were
 * @throws Error if it is no such export, or of another adapter or version of this package; then nothing
 *   of it is taken. Unless `webgpu-fused` is the backend.
 */
export function importTuning(json: TuningJson | string): number {
  return tableOf('importTuning').import(json);
}

function tableOf(what: string): TuningTable {
  const { backend, backendName } = engine();
  if (backend instanceof WebGPUFusedBackend) return backend.tuning;
  throw new Error(
    `[webgpu-fused] ${what}: got the backend '${backendName}'; needs '${BACKEND_NAME}', whose adapter ` +
      `it is about. Call await tf.setBackend('${BACKEND_NAME}') before.`,
  );
}
