/** Registers the backends of the page, and says why one of them is not there. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-webgl';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-webgpu';
import 'tfjs-backend-webgpu-fused';
import { BACKENDS, type BackendName } from './backend-names';

/** What the page can run on. */
export interface Support {
  /** Why a backend cannot be chosen; those that can are not in it. */
  missing: Partial<Record<BackendName, string>>;
  /** What WebGPU says of the adapter. */
  adapter: string;
}

export async function findSupport(): Promise<Support> {
  setWasmPaths('wasm/');
  const missing: Support['missing'] = {};
  const needsGpu = { failIfMajorPerformanceCaveat: true }; // as tfjs does
  if (!document.createElement('canvas').getContext('webgl2', needsGpu)) {
    missing.webgl = 'There is no WebGL 2 on a GPU here, which the backend of tfjs asks for.';
  }
  const { reason, adapter } = await lookForWebGPU();
  if (reason) missing.webgpu = missing['webgpu-fused'] = reason;
  return { missing, adapter };
}

async function lookForWebGPU(): Promise<{ reason?: string; adapter: string }> {
  const without = (reason: string) => ({ reason, adapter: reason });
  if (!isSecureContext) {
    return without('WebGPU is for secure pages only: open this one by https or on localhost.');
  }
  const gpu = (navigator as Partial<Navigator>).gpu;
  if (!gpu) {
    return without(
      'This browser has no WebGPU: Chrome and Edge have it from 113, Safari from 26, Firefox from 141.',
    );
  }
  const adapter = await gpu.requestAdapter();
  if (!adapter) {
    return without(
      'WebGPU finds no adapter: drivers may be blocked or acceleration off; chrome://gpu tells (about:support in Firefox).',
    );
  }
  const { description, vendor, architecture } = adapter.info;
  return { adapter: description || [vendor, architecture].filter(Boolean).join(' ') || 'unnamed' };
}

/** The best backend that is there. */
export const bestOf = ({ missing }: Support): BackendName =>
  [...BACKENDS].reverse().find((name) => !missing[name]) ?? 'wasm';

/** Makes a backend the active one. */
export async function useBackend(name: BackendName): Promise<void> {
  if (tf.getBackend() === name || (await tf.setBackend(name))) return;
  throw new Error(`${name} could not be started; the console says why.`);
}
