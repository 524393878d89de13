/** What would be fused in a graph model, without a device: by the compiler alone. */
import { enableProdMode, setBackend } from '@tensorflow/tfjs-core';
import { kernelTarget, type AdapterClass, type DeviceFacts } from '../fused-kernels/target';
import { installGraphModelHook, optimize, type ModelExplanation } from '../graph-model';
import { CliError } from './cli-error';
import { installedLayers } from './installed-layers';
import { checkShapes, loadModel, type InputShapes } from './loaded-model';
import type { ModelFiles } from './model-files';
import { importPackage } from './packages';
import { PLANNING_BACKEND, PlanningRuntime } from './planning-runtime';

/** The limits that every WebGPU device has: most have more, and bind larger buffers. */
const DEFAULT_LIMITS: DeviceFacts = {
  maxWorkgroupsPerDimension: 65535,
  maxStorageBuffers: 8,
  maxBindingBytes: 2 ** 27,
  maxInvocations: 256,
  maxWorkgroupMemory: 16384,
  subgroupSizes: null,
};

/** Explains a model for a class of adapters with the limits that every device has. */
export async function explainGraph(
  files: ModelFiles,
  adapterClass: AdapterClass,
  shapes: InputShapes,
): Promise<ModelExplanation> {
  const needs = 'it to go through what tfjs runs between fused parts';
  await importPackage('explain', '@tensorflow/tfjs-backend-cpu', needs, [
    '@tensorflow/tfjs-backend-webgpu',
  ]);
  // Without it, tfjs recommends its native backend for Node.
  enableProdMode();
  await setBackend(PLANNING_BACKEND);
  installGraphModelHook({
    backendName: PLANNING_BACKEND,
    runtime: new PlanningRuntime(kernelTarget(DEFAULT_LIMITS, adapterClass)),
    isEnabled: () => true,
  });
  const { graph, inputs } = await loadModel(files, installedLayers);
  if (!graph) throw new Error(`${files.name} is no graph model.`);
  checkShapes('explain', inputs, shapes);
  for (const { name, shape } of inputs) {
    if (shape || shapes[name]) continue;
    throw new CliError('explain', {
      got: `no shape for input '${name}', and the model has none`,
      needs: 'one',
      cure: `Pass --input ${name}=1,224,224,3, with the numbers that it takes.`,
    });
  }
  const told = await optimize(graph, { inputs: shapes });
  return { ...told, model: files.name };
}
