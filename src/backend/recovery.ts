/**
 * Coming back after a lost device, with `WEBGPU_FUSED_RECOVER`. The backend is registered anew, and set
 * again if it was in use, so that `await tf.ready()` waits for it. Tensors stay with the old backend,
 * which has the elements of what was uploaded, and tfjs moves each when it is next used: weights need
 * nothing else. What was computed on the device is gone, and throws when it is needed.
 */
import {
  engine,
  registerBackend,
  removeBackend,
  setBackend,
  type KernelBackend,
} from '@tensorflow/tfjs-core';
import { flag } from '../host/flags';

/** A device that is lost more often than this within {@link WINDOW_MS} is not worth another. */
const MAX_LOSSES = 3;
const WINDOW_MS = 60_000;

/** When devices were lost lately. */
const losses: number[] = [];

/** Sees to it that the backend of this name comes back when its device is lost. */
export function recoverWhenLost(name: string, backend: KernelBackend, device: GPUDevice): void {
  // The promise may never settle: it keeps nothing alive but what the engine has anyway.
  const current = new WeakRef(backend);
  void device.lost.then(({ reason, message }) => {
    const { registry, registryFactory, backendName } = engine();
    if (!flag('WEBGPU_FUSED_RECOVER') || registry[name] !== current.deref()) return;
    const lost = `[webgpu-fused] device: got one that was lost (${reason}: ${message})`;
    if (isHopeless(performance.now())) {
      console.warn(`${lost}, for the ${MAX_LOSSES + 1}th time in a minute; needs one that stays.`);
      return;
    }
    console.warn(
      `${lost}; needs another, which is asked for now. Await tf.ready() before the next call: weights ` +
        'are uploaded again, and what was computed throws when it is read.',
    );
    const { factory, priority } = registryFactory[name];
    removeBackend(name);
    registerBackend(name, factory, priority);
    if (backendName === name) void setBackend(name);
  });
}

function isHopeless(now: number): boolean {
  while (losses.length > 0 && now - losses[0] > WINDOW_MS) losses.shift();
  return losses.push(now) > MAX_LOSSES;
}
