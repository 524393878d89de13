/**
 * Stock's pools of buffers and textures, kept to the limits of the device and to what is of use, and kept from
 * handing out a buffer that may be dead: one that memory could not be had for looks like any other.
 */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { IdleResources } from './idle-resources';
import type { BufferPoolInternals, TexturePoolInternals } from './internals';

type BufferPool = WebGPUBackend['bufferManager'];
type TexturePool = WebGPUBackend['textureManager'];

/** What a backend tells its pool. */
export interface BufferGuard {
  /** No buffer that exists now is used again, once it is given back. */
  suspect(): void;
  /** Commands were submitted: none waits. */
  noteSubmission(): void;
}

/** @param allocate makes a buffer that the pool does not have. */
export function guardBuffers(
  pool: BufferPool,
  maxBufferSize: number,
  allocate: (create: () => GPUBuffer) => GPUBuffer,
): BufferGuard {
  const internals = pool as unknown as BufferPoolInternals;
  const acquire = pool.acquireBuffer.bind(pool);
  const release = pool.releaseBuffer.bind(pool);
  let suspects: WeakSet<GPUBuffer> | null = null;
  const destroy = (buffer: GPUBuffer): void => {
    internals.numFreeBuffers--;
    pool.numBytesAllocated -= buffer.size;
    buffer.destroy();
  };
  const idle = new IdleResources<GPUBuffer>({
    get free() {
      return internals.freeBuffers;
    },
    get used() {
      return internals.usedBuffers;
    },
    destroy,
  });
  pool.acquireBuffer = (size, usage, mappedAtCreation, reuse = true) => {
    if (size > maxBufferSize) {
      throw new Error(
        `[webgpu-fused] allocate: got a tensor of ${size} bytes; needs at most ${maxBufferSize}, which is ` +
          "this device's maxBufferSize. Compute it in smaller batches.",
      );
    }
    const key = `${size}_${usage}`;
    const free = reuse ? internals.freeBuffers.get(key) : undefined;
    if (!free?.length) return allocate(() => acquire(size, usage, mappedAtCreation, reuse));
    idle.noteTaken(key, free.length - 1);
    return acquire(size, usage, mappedAtCreation, reuse);
  };
  pool.releaseBuffer = (buffer, reuse = true) => release(buffer, reuse && !suspects?.has(buffer));
  return {
    suspect: () => {
      suspects ??= new WeakSet();
      for (const buffers of internals.usedBuffers.values()) {
        for (const buffer of buffers) suspects.add(buffer);
      }
      for (const buffers of internals.freeBuffers.values()) buffers.splice(0).forEach(destroy);
    },
    noteSubmission: () => idle.noteSubmission(),
  };
}

/**
 * Textures are what images come in.
 * @returns to be called when commands were submitted: none waits.
 */
export function guardTextures(pool: TexturePool): () => void {
  const internals = pool as unknown as TexturePoolInternals;
  const acquire = pool.acquireTexture.bind(pool);
  const idle = new IdleResources<GPUTexture>({
    get free() {
      return internals.freeTextures;
    },
    get used() {
      return internals.usedTextures;
    },
    destroy: (texture) => {
      internals.numFreeTextures--;
      // As stock counts: the one format that it has, by its own number of bytes.
      pool.numBytesAllocated -= texture.width * texture.height * BYTES_PER_PIXEL;
      texture.destroy();
    },
  });
  pool.acquireTexture = (width, height, format, usage) => {
    const key = `${width}_${height}_${format}_${usage}`;
    const left = (internals.freeTextures.get(key)?.length ?? 0) - 1;
    if (left >= 0) idle.noteTaken(key, left);
    return acquire(width, height, format, usage);
  };
  return () => idle.noteSubmission();
}

/** What stock counts for a pixel of `rgba8unorm`. */
const BYTES_PER_PIXEL = 16;
