/** What is fused of a layers model while it runs, on a device that computes nothing. */
import { dispose, env, setBackend } from '@tensorflow/tfjs-core';
import { lastTrace, type FlushTrace } from '../eager/flush-trace';
import type { AdapterClass } from '../fused-kernels/target';
import { provideGpu } from './gpu';
import { installedLayers } from './installed-layers';
import { loadModel, randomInputs, type InputShapes } from './loaded-model';
import type { ModelFiles } from './model-files';
import type { Parts } from './parts';

/** Calls after which it is known what stays the same, and plans are those that warm calls run. */
const CALLS = 6;

/** Fused groups of a warm call of a layers model. */
export interface LayersExplanation {
  readonly model: string;
  readonly flushes: readonly FlushTrace[];
  readonly dispatches: { readonly before: number; readonly after: number };
}

export async function explainLayers(
  files: ModelFiles,
  adapterClass: AdapterClass,
  shapes: InputShapes,
  parts: Parts,
): Promise<LayersExplanation> {
  await provideGpu('explain', ['backend=null']);
  await parts.backend();
  env().set('WEBGPU_FUSED_ADAPTER', adapterClass);
  await setBackend('webgpu-fused');
  const model = await loadModel(files, installedLayers);
  const inputs = randomInputs('explain', model, shapes);
  let flushes: readonly FlushTrace[] = [];
  for (let call = 0; call < CALLS; call++) {
    lastTrace();
    const outputs = await model.run(inputs);
    await Promise.all(outputs.map((output) => output.data()));
    dispose(outputs);
    flushes = lastTrace()?.flushes ?? [];
  }
  const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
  const before = sum(flushes.map(({ kernels }) => kernels.length));
  const after = sum(flushes.map(({ dispatches }) => dispatches));
  return { model: files.name, flushes, dispatches: { before, after } };
}
