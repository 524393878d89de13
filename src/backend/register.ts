/** Registers the backend and its kernels with tfjs. */
import { findBackendFactory, registerBackend, removeBackend } from '@tensorflow/tfjs-core';
import { ADAPTER_CLASSES, isAdapterClass } from '../fused-kernels/target';
import { BACKEND_NAME, WebGPUFusedBackend } from './backend';
import { recoverWhenLost } from './recovery';
import { mendComplexParts } from '../host/complex-parts';
import { registerCpuFallbacks } from '../host/cpu-fallback';
import { OWN_PRIORITY } from '../host/default-backend';
import { beginInit } from '../host/failed-backend';
import { requestDevice } from '../host/request-device';
import { type AllowedValues, flag, registerFlags } from '../host/flags';
import { mirrorKernels, replaceKernels } from '../host/kernel-mirror';
import { installLazyKernels } from '../eager/install';
import { installEventPump } from '../host/read-sync';

/** The name and the priority of tfjs's own WebGPU backend. */
export const REPLACED_NAME = 'webgpu';
const STOCK_PRIORITY = 3;

const ADAPTER: AllowedValues = {
  needs: `one of ${ADAPTER_CLASSES.join(', ')}, or '' for the class of the adapter`,
  has: (value) => typeof value === 'string' && isAdapterClass(value),
};

/** Registers the backend, unless it is. It never becomes the default of an app that has another. */
export function registerWebGPUFused(): void {
  registerFlags({ WEBGPU_FUSED_ADAPTER: ADAPTER });
  // Before anything is asked of the GPU: an event already on its way could not be noted.
  installEventPump();
  if (mirrorKernels(BACKEND_NAME)) {
    mendComplexParts(BACKEND_NAME);
    installLazyKernels(BACKEND_NAME);
  }
  if (findBackendFactory(BACKEND_NAME)) return;
  registerBackend(BACKEND_NAME, () => createBackend(BACKEND_NAME), OWN_PRIORITY);
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
  const fail = beginInit(name);
  try {
    const { device, info } = await requestDevice();
    installLazyKernels(name, registerCpuFallbacks(name));
    const adapterClass = flag('WEBGPU_FUSED_ADAPTER');
    const backend = new WebGPUFusedBackend(device, info, {
      adapterClass: isAdapterClass(adapterClass) ? adapterClass : undefined,
    });
    recoverWhenLost(name, backend, device);
    return backend;
  } catch (error) {
    await fail(error);
    throw error;
  }
}
