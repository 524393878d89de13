/** A model's kernels by the device's clock, on stock `webgpu` and fused, and what the fused side is made of. */
import { dispose } from '@tensorflow/tfjs-core';
import { lastTrace, type FlushTrace } from '../eager/flush-trace';
import { explain, type ModelExplanation } from '../graph-model';
import { timeKernels, type KernelTimes } from '../html/time-kernels';
import { takeGpuErrors, watchDevices } from '../measure/gpu-errors';
import { provideBackends } from './device-backends';
import { describeAdapter } from './gpu';
import { installedLayers } from './installed-layers';
import { loadModel, randomInputs, type InputShapes } from './loaded-model';
import type { ModelFiles } from './model-files';
import type { Parts } from './parts';
import { useBackend, type BackendName } from './use-backend';

export interface TimedSide {
  readonly times: KernelTimes;
  /** Of a graph model on `webgpu-fused`. */
  readonly told?: ModelExplanation;
  /** Of a layers model there. */
  readonly flushes: readonly FlushTrace[];
}

/** Backends on devices whose clock is as fine as it is, and whose errors are known. */
export async function provideTimedBackends(what: string, parts: Parts): Promise<string> {
  const info = await provideBackends(what, parts, ['disable-dawn-features=timestamp_quantization']);
  watchDevices();
  return describeAdapter(info);
}

/** @throws CliError as loading the model does. */
export async function timeSide(
  what: string,
  files: ModelFiles,
  name: BackendName,
  shapes: InputShapes,
): Promise<TimedSide> {
  await useBackend(what, name);
  const model = await loadModel(files, installedLayers);
  const inputs = randomInputs(what, model, shapes);
  const isFused = name === 'webgpu-fused';
  const { graph } = model;
  const times = await timeKernels(() => model.run(inputs), isFused ? {} : { model: graph });
  const [error] = takeGpuErrors();
  const told = isFused && graph ? { ...explain(graph), model: files.name } : undefined;
  const flushes = isFused && !graph ? (lastTrace()?.flushes ?? []) : [];
  dispose(inputs);
  model.dispose();
  const failed = { missing: `WebGPU reported, of ${name}: ${error}`, kernels: [] };
  return { times: error === undefined ? times : { ...times, ...failed }, told, flushes };
}
