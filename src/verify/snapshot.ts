/** Elements of GPU buffers: copies of what they hold now, and buffers of what they are to hold. */
import type { DType, Value } from '../ir/graph';
import { sizeOf } from '../ir/graph';
import type { Doubles } from './reference';

/** A copy of a buffer's elements as of the commands submitted so far. */
export function takeSnapshot(
  device: GPUDevice,
  source: GPUBuffer,
  { shape, dtype }: Pick<Value, 'shape' | 'dtype'>,
): Promise<Doubles> {
  return copyWords(device, source, sizeOf(shape)).then((words) => elementsOf(words, dtype));
}

/** The first `count` words of a buffer. */
export async function copyWords(
  device: GPUDevice,
  source: GPUBuffer,
  count: number,
): Promise<Uint32Array> {
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const staging = device.createBuffer({ size: 4 * count, usage });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(source, 0, staging, 0, 4 * count);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const words = new Uint32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return words;
}

/** Words as elements: bools are words of 0 and 1. */
export function elementsOf({ buffer }: Uint32Array, dtype: DType): Doubles {
  return Float64Array.from(dtype === 'float32' ? new Float32Array(buffer) : new Int32Array(buffer));
}

/** Elements as words. */
export function wordsOf(elements: ArrayLike<number>, dtype: DType): Uint32Array<ArrayBuffer> {
  const typed = dtype === 'float32' ? Float32Array.from(elements) : Int32Array.from(elements);
  return new Uint32Array(typed.buffer);
}

/** A buffer that kernels can bind, with words in it. */
export function bufferWith(device: GPUDevice, words: Uint32Array<ArrayBuffer>): GPUBuffer {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const buffer = device.createBuffer({ size: words.byteLength, usage });
  device.queue.writeBuffer(buffer, 0, words);
  return buffer;
}
