/** The backends that are compared, in one process: stock `webgpu`, the candidate, and `cpu`. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { loadFused } from './fused-api';

/** The reference that the candidate is measured against. */
export const STOCK = 'webgpu';

/** What is measured: this package, or stock once more (what does the method itself show?). */
export const CANDIDATES = ['webgpu-fused', 'webgpu'] as const;
export type Candidate = (typeof CANDIDATES)[number];

/** Which of the two is meant. */
export type Side = 'stock' | 'candidate';

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
