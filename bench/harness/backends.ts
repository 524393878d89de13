/** The backends that are compared, in one process: stock `webgpu`, the candidate, and `cpu`. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { installWebGPU } from '../../tools/gpu/install-webgpu.mjs';
import { observe } from './instrument/observe';
import { loadFused } from './fused-api';

/** The reference that the candidate is measured against. */
export const STOCK = 'webgpu';

/** What is measured: this package, or stock once more (what does the method itself show?). */
export const CANDIDATES = ['webgpu-fused', 'webgpu'] as const;
export type Candidate = (typeof CANDIDATES)[number];

/** Which of the two is meant. */
export type Side = 'stock' | 'candidate';

const gpuErrors: string[] = [];

/**
 * Makes WebGPU available to this process; call before anything looks for `navigator.gpu`.
 *
 * @param options Dawn's, such as `backend=null`
 */
export function prepareGpu(options: string[] = []): void {
  installWebGPU({ options });
  observe(GPUAdapter, 'requestDevice', (_, __, promise) => {
    void promise.then(watchDevice, () => undefined);
  });
}

function watchDevice(device: GPUDevice): void {
  device.addEventListener('uncapturederror', ({ error }) => gpuErrors.push(error.message));
  void device.lost.then(({ reason, message }) => gpuErrors.push(`lost (${reason}): ${message}`));
}

/** Errors that WebGPU reported by itself (invalid shaders and commands), and forgets them. */
export function takeGpuErrors(): string[] {
  return gpuErrors.splice(0);
}

/** Registers both backends; gives each side's backend name. */
export async function registerBackends(candidate: Candidate): Promise<Record<Side, string>> {
  await import('@tensorflow/tfjs-backend-webgpu');
  tf.enableProdMode();
  return { stock: STOCK, candidate: await registerCandidate(candidate) };
}

async function registerCandidate(candidate: Candidate): Promise<string> {
  if (candidate === 'webgpu') {
    const again = 'webgpu-again';
    tf.copyRegisteredKernels(STOCK, again);
    tf.registerBackend(again, tf.findBackendFactory(STOCK), 0);
    return again;
  }
  await loadFused();
  if (!tf.findBackendFactory(candidate)) {
    throw new Error(`Importing src/index registers no backend "${candidate}".`);
  }
  return candidate;
}

/** Makes a backend the active one. */
export async function useBackend(name: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`Backend ${name} could not be initialised.`);
}
