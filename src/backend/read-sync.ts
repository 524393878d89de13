/**
 * Reads a GPU buffer without awaiting, where there is no canvas to do it through: Node.
 *
 * The npm package `webgpu` (Dawn) delivers its events through `globalThis.setImmediate`, looked up
 * at each call. With that function borrowed for a moment, its events can be pumped here until the
 * buffer is mapped.
 */

/** True where stock's own way, a canvas, is missing. */
export function needsEventPump(): boolean {
  return typeof OffscreenCanvas === 'undefined';
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
  const scope = globalThis as { setImmediate?: unknown };
  const original = scope.setImmediate;
  const waiting: (() => void)[] = [];
  scope.setImmediate = (callback: (...args: unknown[]) => void, ...args: unknown[]) => {
    waiting.push(() => callback(...args));
    return {};
  };
  try {
    start();
    const deadline = Date.now() + TIMEOUT_MS;
    while (!isDone()) {
      const event = waiting.shift();
      if (!event || Date.now() > deadline) {
        throw new Error(
          '[webgpu-fused] dataSync: got a runtime that cannot read a GPU buffer synchronously; ' +
            'needs OffscreenCanvas or the npm package webgpu. Use await tensor.data() instead.',
        );
      }
      event();
    }
  } finally {
    scope.setImmediate = original;
    for (const event of waiting) setTimeout(event, 0);
  }
}
