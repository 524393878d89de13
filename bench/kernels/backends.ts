/** Stock and ours on one device, so that their kernels are timed in turn by one clock. */
import '@tensorflow/tfjs-backend-cpu';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { BACKEND_NAME, useDevice, WebGPUFusedBackend } from '../../src/pure';
import { type AdapterClass, type Choose, classifyAdapter } from '../../src/fused-kernels/target';
import { STOCK, useBackend } from '../harness/backends';

/** Limits that kernels of either backend can make use of. */
const LIMITS = [
  'maxBufferSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
] as const;
const FEATURES: readonly GPUFeatureName[] = ['timestamp-query', 'shader-f16', 'subgroups'];

export interface BenchDevice {
  readonly device: GPUDevice;
  readonly info: GPUAdapterInfo;
  readonly adapterClass: AdapterClass;
}

/** A device with all that the adapter has, which both backends use. */
export async function openDevice(): Promise<BenchDevice> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('no WebGPU adapter');
  const device = await adapter.requestDevice({
    requiredFeatures: FEATURES.filter((feature) => adapter.features.has(feature)),
    requiredLimits: Object.fromEntries(LIMITS.map((limit) => [limit, adapter.limits[limit]])),
  });
  await import('../../src/index');
  tf.enableProdMode();
  // Stock would compute small inputs on the processor.
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  // A call is one submit, so that no buffer of its uniforms is written twice.
  tf.env().set('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE', 1e6);
  useDevice(device, adapter.info);
  if (tf.findBackendFactory(STOCK)) tf.removeBackend(STOCK);
  tf.registerBackend(STOCK, () => new WebGPUBackend(device, adapter.info));
  return { device, info: adapter.info, adapterClass: classifyAdapter(adapter.info) };
}

/** Makes stock the active backend. */
export const useStock = (): Promise<void> => useBackend(STOCK);

/**
 * Makes ours the active backend, a new one: what it compiles is chosen anew.
 * @param adapterClass the class whose kernels are taken
 * @param choose which candidates are
 */
export async function useFused(
  { device, info }: BenchDevice,
  adapterClass: AdapterClass,
  choose?: Choose,
): Promise<void> {
  // The backend in use cannot be taken away.
  await useStock();
  tf.removeBackend(BACKEND_NAME);
  tf.registerBackend(
    BACKEND_NAME,
    () => new WebGPUFusedBackend(device, info, { adapterClass, choose }),
  );
  await useBackend(BACKEND_NAME);
}
