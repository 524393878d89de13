/** What the peers find in a browser and miss in Node. */

/** Fills the gaps; call when WebGPU's classes are there. */
export function fillNodeGaps(): void {
  copySharedUploads();
  addIteratorHelpers();
}

/**
 * Lets `writeBuffer` take views of shared memory, which Dawn's binding for Node refuses, by copying
 * them. ONNX Runtime's WebAssembly memory is always shared.
 */
function copySharedUploads(): void {
  const { prototype } = GPUQueue;
  const write = prototype.writeBuffer as (this: GPUQueue, ...args: unknown[]) => undefined;
  prototype.writeBuffer = function (buffer, offset, data: unknown, ...range) {
    const isShared = data instanceof Uint8Array && data.buffer instanceof SharedArrayBuffer;
    // A copy of a typed array has memory of its own, which is not shared.
    return write.call(this, buffer, offset, isShared ? Uint8Array.from(data) : data, ...range);
  };
}

/** `map` and `filter` of iterators, which Node has since version 22; jax-js's `einsum` uses them. */
function addIteratorHelpers(): void {
  const iterators = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())) as object;
  if ('map' in iterators) return;
  Object.assign(iterators, {
    *map<T, U>(this: Iterable<T>, transform: (value: T) => U) {
      for (const value of this) yield transform(value);
    },
    *filter<T>(this: Iterable<T>, test: (value: T) => boolean) {
      for (const value of this) if (test(value)) yield value;
    },
  });
}
