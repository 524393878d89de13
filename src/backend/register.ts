/** Registers the backend and its kernels with tfjs. */
import { registerBackend, removeBackend } from '@tensorflow/tfjs-core';
import { ADAPTER_CLASSES, type AdapterClass, isAdapterClass } from '../fused-kernels/target';
import { BACKEND_NAME, WebGPUFusedBackend } from './backend';
import { registerCpuFallbacks } from '../host/cpu-fallback';
import { requestDevice } from '../host/request-device';
import { flag, registerFlags } from '../host/flags';
import { mirrorKernels, replaceKernels } from '../host/kernel-mirror';
import { installLazyKernels } from '../eager/install';
import { installEventPump } from '../host/read-sync';

/** Below stock `webgpu` (3): importing this package never changes an app's default. */
const PRIORITY = 2;

/** The name and the priority of tfjs's own WebGPU backend. */
export const REPLACED_NAME = 'webgpu';
const STOCK_PRIORITY = 3;

export function registerWebGPUFused(): void {
  registerFlags();
  // Before anything is asked of the GPU: an event already on its way could not be noted.
  installEventPump();
  mirrorKernels(BACKEND_NAME);
  installLazyKernels(BACKEND_NAME);
  registerBackend(BACKEND_NAME, () => createBackend(BACKEND_NAME), PRIORITY);
}

/**
 * Serves apps that hard-code `tf.setBackend('webgpu')`: from now on that name is this backend, and
 * stock `webgpu` is gone. Call it before the app sets its backend.
 */
export function replaceWebGPU(): void {
  removeBackend(REPLACED_NAME);
  replaceKernels(BACKEND_NAME, REPLACED_NAME);
  registerBackend(REPLACED_NAME, () => createBackend(REPLACED_NAME), STOCK_PRIORITY);
}

async function createBackend(name: string): Promise<WebGPUFusedBackend> {
  const { device, info } = await requestDevice();
  installLazyKernels(name, registerCpuFallbacks(name));
  return new WebGPUFusedBackend(device, info, { adapterClass: forcedClass() });
}

/** The class of adapter that `WEBGPU_FUSED_ADAPTER` names, if it does. */
function forcedClass(): AdapterClass | undefined {
  const name = flag('WEBGPU_FUSED_ADAPTER');
  if (name === '') return undefined;
  if (isAdapterClass(name)) return name;
  throw new Error(
    `[webgpu-fused] WEBGPU_FUSED_ADAPTER: got '${name}'; needs a class of adapters. Use one of ` +
      `${ADAPTER_CLASSES.join(', ')}, or '' for that of the adapter.`,
  );
}
