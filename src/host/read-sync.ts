/**
 * Reads a GPU buffer without awaiting, where there is no canvas to do it through: in Node. (Deno has
 * neither such a canvas nor events to pump: there it says so.)
 *
 * The npm package `webgpu` (Dawn) delivers its events through `globalThis.setImmediate`, looked up
 * at each call. Its callbacks are noted there, so that a waiting reader can run them at once; they
 * run once, then or when Node would have run them.
 */

/** Dawn's callbacks that have not run yet. */
const events = new Set<() => void>();

let isInstalled = false;

type CanvasClass = new (width: number, height: number) => { getContext(kind: string): unknown };

/** What {@link missingForCanvas} said of a runtime's class of canvases. */
let checked: { readonly canvas: CanvasClass | undefined; readonly missing: string | null } | null =
  null;

/**
 * What a runtime has instead of a canvas to read through, as stock does: from its `webgpu` context
 * into its `2d` context, which Deno lacks. Null where nothing is missing.
 */
export function missingForCanvas(canvas: CanvasClass | undefined): string | null {
  if (!canvas) return 'no OffscreenCanvas';
  const kind = ['webgpu', '2d'].find((kind) => {
    try {
      return !new canvas(1, 1).getContext(kind);
    } catch {
      return true;
    }
  });
  return kind === undefined ? null : `an OffscreenCanvas without a ${kind} context`;
}

function missing(): string | null {
  const { OffscreenCanvas: canvas } = globalThis as { OffscreenCanvas?: CanvasClass };
  if (checked?.canvas !== canvas || !checked)
    checked = { canvas, missing: missingForCanvas(canvas) };
  return checked.missing;
}

/** True where stock's own way, a canvas, is missing. */
export function needsEventPump(): boolean {
  return missing() !== null;
}

/** Starts to note Dawn's events; for a runtime without canvases. */
export function installEventPump(): void {
  const scope = globalThis as { setImmediate?: (...args: unknown[]) => unknown };
  const original = scope.setImmediate;
  // Browsers have no setImmediate: no canvas is made there before one is needed.
  if (isInstalled || !original || !needsEventPump()) return;
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

type Inspect = (value: unknown, options: { depth: number }) => string;

/** Node's word on what a promise is kept with. */
function inspector(): Inspect | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (name: string) => { inspect?: Inspect } | undefined };
  };
  return process?.getBuiltinModule?.('node:util')?.inspect;
}

/**
 * Waits for an error scope without awaiting it.
 * @returns whether there is an error; false as well where the runtime does not tell, or the device was lost.
 */
export function hasErrorNow(scope: Promise<GPUError | null>): boolean {
  const inspect = inspector();
  if (!inspect || !needsEventPump()) return false;
  const state = (): string => inspect(scope, { depth: 0 });
  pumpEvents(() => !state().includes('<pending>') || events.size === 0);
  // Behind the value there may be symbols, of async_hooks.
  return !/<(pending|rejected)>|\{\s*null\b/.test(state());
}

/**
 * The contents of a buffer, after all work submitted so far.
 * @throws Error if the runtime does not let its events be pumped, the device fails, or needs too long.
 */
export function readBufferSync(device: GPUDevice, source: GPUBuffer): ArrayBuffer {
  const staging = device.createBuffer({
    size: source.size,
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  device.pushErrorScope('validation');
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(source, 0, staging, 0, source.size);
  device.queue.submit([encoder.finish()]);
  const verdict = device.popErrorScope();
  verdict.catch(() => undefined);
  try {
    // What becomes of it is told by its state: nobody can await while this waits.
    staging.mapAsync(GPUMapMode.READ).catch(() => undefined);
    pumpEvents(() => staging.mapState !== 'pending');
    if (staging.mapState !== 'mapped' || hasErrorNow(verdict)) {
      throw new Error(
        '[webgpu-fused] dataSync: got no elements from the device; needs one that works. It was lost, ' +
          'or is out of memory: await tensor.data() tells which.',
      );
    }
    return staging.getMappedRange().slice(0);
  } finally {
    staging.destroy();
  }
}

function pumpEvents(isDone: () => boolean): void {
  const deadline = Date.now() + TIMEOUT_MS;
  while (!isDone()) {
    const [event] = events;
    if (!event) {
      throw new Error(
        `[webgpu-fused] dataSync: got a runtime with ${missing()}; needs one with webgpu and 2d ` +
          'contexts, or the npm package webgpu. Use await tensor.data() instead.',
      );
    }
    if (Date.now() > deadline) {
      throw new Error(
        `[webgpu-fused] dataSync: got no answer from the device for ${TIMEOUT_MS / 1000} s; needs one ` +
          'by then. Use await tensor.data(), which waits as long as it takes, or give the device less ' +
          'to do at once.',
      );
    }
    event();
  }
}
