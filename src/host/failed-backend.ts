/**
 * What becomes of an app whose backend cannot be had: tfjs leaves it on the dead one, and the next op
 * throws. Here it goes on with the best backend that works, and one line says why.
 */
import { setBackend } from '@tensorflow/tfjs-core';
import { engineInternals } from './internals';

/** There is no WebGPU here at all, so that stock `webgpu` would fail as well. */
export class NoWebGPUError extends Error {}

/** Backends of this package: where one cannot be had, another cannot either. */
const own = new Set<string>();

/**
 * Notes the initialisation that begins; to be called in a backend's factory before anything is awaited.
 *
 * @returns what to do if it fails: `setBackend` then resolves to false, and an app that has not
 *   chosen another backend meanwhile has one that works.
 */
export function beginInit(name: string): (error: unknown) => Promise<void> {
  const host = engineInternals();
  own.add(name);
  // The engine counts up when the factory has returned.
  const id = host.pendingBackendInitId + 1;
  return async (error) => {
    const isWanted = host.backendName === name && host.pendingBackendInitId === id;
    const other = isWanted ? await useBestOther(error instanceof NoWebGPUError) : null;
    if (host.pendingBackendInitId === id) {
      // tfjs says nothing of an initialisation that is out of date: one line is enough.
      host.pendingBackendInitId++;
      host.pendingBackendInit = null;
    }
    const message = error instanceof Error ? error.message : String(error);
    console.warn(other === null ? message : `${message} The app runs on '${other}'.`);
  };
}

/** Sets the backend of the highest priority that works; null if none does. */
async function useBestOther(isWithoutWebGPU: boolean): Promise<string | null> {
  for (const other of engineInternals().getSortedBackends()) {
    if (own.has(other) || (isWithoutWebGPU && other === 'webgpu')) continue;
    if (await setBackend(other)) return other;
  }
  return null;
}
