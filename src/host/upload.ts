/** Brings elements from the host to a GPU buffer. */
import { type DataId, util } from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { tensorData } from './internals';

const IS_NUMERIC: ReadonlySet<string> = new Set(['float32', 'int32', 'bool']);

const USAGE = (): GPUBufferUsageFlags =>
  GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

/**
 * Writes a tensor's elements into a buffer of the pool, in the order of the queue. Stock creates
 * and maps a staging buffer for each upload, which costs more than the rest of a warm call; and a
 * buffer of the pool is in no command that still waits, so the write may go ahead of those.
 *
 * @returns what was uploaded, null if there was nothing: then stock knows what to do.
 */
export function uploadValues(backend: WebGPUBackend, dataId: DataId): Elements | null {
  const data = tensorData(backend, dataId);
  if (data.resource != null || !data.values || !IS_NUMERIC.has(data.dtype)) return null;
  const values = toElements(data.values as ArrayLike<number>, data.dtype === 'float32');
  // The elements may be of a longer buffer, and tfjs trusts the shape.
  const length = util.sizeFromShape(data.shape);
  if (length === 0 || values.length < length) return null;
  const buffer = backend.bufferManager.acquireBuffer(4 * length, USAGE());
  backend.queue.writeBuffer(buffer, 0, values, 0, length);
  data.resource = buffer;
  // As stock: what is on the GPU is not kept on the host as well.
  data.values = null;
  return values;
}

/** As the GPU has them: `bool` is 0 or 1 in 32 bits. */
export type Elements = Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;

function toElements(values: ArrayLike<number>, isFloat: boolean): Elements {
  if (isFloat)
    return (values instanceof Float32Array ? values : Float32Array.from(values)) as Elements;
  return (values instanceof Int32Array ? values : Int32Array.from(values)) as Elements;
}
