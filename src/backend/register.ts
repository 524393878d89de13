/** Registers the backend and its kernels with tfjs. */
import { registerBackend } from '@tensorflow/tfjs-core';
import { BACKEND_NAME, WebGPUFusedBackend } from './backend';
import { registerCpuFallbacks } from './cpu-fallback';
import { requestDevice } from './device';
import { registerFlags } from './flags';
import { mirrorKernels } from './kernel-mirror';
import { installLazyKernels } from './lazy/install';

/** Below stock `webgpu` (3): importing this package never changes an app's default. */
const PRIORITY = 2;

export function registerWebGPUFused(): void {
  registerFlags();
  mirrorKernels(BACKEND_NAME);
  installLazyKernels(BACKEND_NAME);
  registerBackend(
    BACKEND_NAME,
    async () => {
      const { device, info } = await requestDevice();
      registerCpuFallbacks(BACKEND_NAME);
      return new WebGPUFusedBackend(device, info);
    },
    PRIORITY,
  );
}
