/**
 * Stock's pool of buffers, kept to the limits of the device, and kept from handing out a buffer that may be
 * dead: one that memory could not be had for looks like any other.
 */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { BufferPoolInternals } from './internals';

type Pool = WebGPUBackend['bufferManager'];

/**
 * @param allocate makes a buffer that the pool does not have.
 * @returns a function after which no buffer that exists now is used again, once it is given back.
 */
export function guardBuffers(
  pool: Pool,
  maxBufferSize: number,
  allocate: (create: () => GPUBuffer) => GPUBuffer,
): () => void {
  const internals = pool as unknown as BufferPoolInternals;
  const acquire = pool.acquireBuffer.bind(pool);
  const release = pool.releaseBuffer.bind(pool);
  let suspects: WeakSet<GPUBuffer> | null = null;
  pool.acquireBuffer = (size, usage, mappedAtCreation, reuse = true) => {
    if (size > maxBufferSize) {
      throw new Error(
        `[webgpu-fused] allocate: got a tensor of ${size} bytes; needs at most ${maxBufferSize}, which is ` +
          "this device's maxBufferSize. Compute it in smaller batches.",
      );
    }
    const isThere = reuse && internals.freeBuffers.get(`${size}_${usage}`)?.length;
    if (isThere) return acquire(size, usage, mappedAtCreation, reuse);
    return allocate(() => acquire(size, usage, mappedAtCreation, reuse));
  };
  pool.releaseBuffer = (buffer, reuse = true) => release(buffer, reuse && !suspects?.has(buffer));
  return () => {
    suspects ??= new WeakSet();
    for (const buffers of internals.usedBuffers.values()) {
      for (const buffer of buffers) suspects.add(buffer);
    }
    for (const buffers of internals.freeBuffers.values()) {
      for (const buffer of buffers.splice(0)) {
        internals.numFreeBuffers--;
        internals.numBytesAllocated -= buffer.size;
        buffer.destroy();
      }
    }
  };
}
