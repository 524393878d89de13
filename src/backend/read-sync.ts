/**
 * Reads a GPU buffer without awaiting, where there is no canvas to do it through: Node.
 *
 * The npm package `webgpu` (Dawn) delivers its events through `globalThis.setImmediate`, looked up
 * at each call. Its callbacks are noted there, so that a waiting reader can run them at once; they
 * run once, then or when Node would have run them.
 */

/** Dawn's callbacks that have not run yet. */
const events = new Set<() => void>();

let isInstalled = false;

/** True where stock's own way, a canvas, is missing. */
export function needsEventPump(): boolean {
  return typeof OffscreenCanvas === 'undefined';
}

/** Starts to note Dawn's events; for a runtime without canvases. */
export function installEventPump(): void {
  const scope = globalThis as { setImmediate?: (...args: unknown[]) => unknown };
  const original = scope.setImmediate;
  if (isInstalled || !needsEventPump() || !original) return;
  isInstalled = true;
  scope.setImmediate = (callback: unknown, ...args: unknown[]) => {
    if (!isNative(callback)) return original(callback, ...args);
    const event = (): void => {
      if (events.delete(event)) callback(...args);
    };
    events.add(event);
    return original(event);
  };
}

/** Dawn's callbacks are functions of its addon; all others are none of our business. */
function isNative(callback: unknown): callback is (...args: unknown[]) => void {
  return (
    typeof callback === 'function' &&
    Function.prototype.toString.call(callback).includes('[native code]')
  );
}

/** Time after which a synchronous read is given up, in milliseconds. */
const TIMEOUT_MS = 120_000;

/**
 * The contents of a buffer, after all work submitted so far.
 * @throws Error if the runtime does not let its events be pumped.
 */
export function readBufferSync(device: GPUDevice, source: GPUBuffer): ArrayBuffer {
  const staging = device.createBuffer({
    size: source.size,
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(source, 0, staging, 0, source.size);
  device.queue.submit([encoder.finish()]);
  try {
    pumpEvents(
      () => void staging.mapAsync(GPUMapMode.READ),
      () => staging.mapState === 'mapped',
    );
    return staging.getMappedRange().slice(0);
  } finally {
    staging.destroy();
  }
}

function pumpEvents(start: () => void, isDone: () => boolean): void {
  start();
  const deadline = Date.now() + TIMEOUT_MS;
  while (!isDone()) {
    const [event] = events;
    if (!event || Date.now() > deadline) {
      throw new Error(
        '[webgpu-fused] dataSync: got a runtime that cannot read a GPU buffer synchronously; ' +
          'needs OffscreenCanvas or the npm package webgpu. Use await tensor.data() instead.',
      );
    }
    event();
  }
}
