/**
 * Which backend an app has that chooses none: the one that it would have without this package.
 *
 * tfjs takes the backend of the highest priority, and a caller who does not wait gets an error if that
 * one initialises asynchronously, as WebGPU does.
 */
import { findBackendFactory, registerBackend, removeBackend } from '@tensorflow/tfjs-core';
import { hadWebGPU } from './before-peer';
import { engineInternals, type EngineInternals } from './internals';

/** Below `cpu` (1), so that it is chosen by its name, or where there is no other. */
export const OWN_PRIORITY = -1;

/** That of stock `webgpu` where it is only here because this package needs it; its own is 3. */
const BROUGHT_PRIORITY = 0;

/** Marks an engine that is taken care of, also for another copy of this package. */
const MARK = Symbol.for('tfjs-backend-webgpu-fused.default-backend');

/** Sees to it that neither `names` nor stock `webgpu` are what an app gets without asking. */
export function keepDefaultBackend(names: readonly string[]): void {
  demoteWebGPU();
  skipWhereNobodyWaits(new Set(names));
}

let isDemoted = false;

/** An app that had `webgpu` before keeps it as it was. */
function demoteWebGPU(): void {
  const factory = findBackendFactory('webgpu');
  if (hadWebGPU || isDemoted || !factory) return;
  isDemoted = true;
  removeBackend('webgpu');
  registerBackend('webgpu', factory, BROUGHT_PRIORITY);
}

/** Lets a caller who does not wait have the best of the other backends, if there are others. */
function skipWhereNobodyWaits(names: ReadonlySet<string>): void {
  const host = engineInternals() as EngineInternals & { [MARK]?: true };
  if (host[MARK] || typeof host.initializeBackendsAndReturnBest !== 'function') return;
  host[MARK] = true;
  const best = host.initializeBackendsAndReturnBest.bind(host);
  const sorted = host.getSortedBackends.bind(host);
  host.initializeBackendsAndReturnBest = () => {
    host.getSortedBackends = () => {
      const all = sorted();
      const others = all.filter((name) => !names.has(name));
      return others.length > 0 ? others : all;
    };
    try {
      return best();
    } finally {
      host.getSortedBackends = sorted;
    }
  };
}
