/** Registers the backend and its kernels with tfjs. */
import { copyRegisteredKernels, registerBackend } from '@tensorflow/tfjs-core';
import { BACKEND_NAME, WebGPUFusedBackend } from './backend';
import { requestDevice } from './device';
import { registerFlags } from './flags';

/** Below stock `webgpu` (3): importing this package never changes an app's default. */
const PRIORITY = 2;

export function registerWebGPUFused(): void {
  registerFlags();
  copyRegisteredKernels('webgpu', BACKEND_NAME);
  registerBackend(
    BACKEND_NAME,
    async () => {
      const { device, info } = await requestDevice();
      return new WebGPUFusedBackend(device, info);
    },
    PRIORITY,
  );
}
