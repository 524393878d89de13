/** Counts what a backend asks of the GPU, so lightly that times can be taken beside it. */
import * as tf from '@tensorflow/tfjs-core';
import { observe } from '../../src/measure/observe';

let dispatches = 0;
const countDispatch = (): void => void dispatches++;

/** Bytes of the buffers that exist, by device. */
const allocated = new WeakMap<GPUDevice, number>();
const ownerOf = new WeakMap<GPUBuffer, GPUDevice>();

const add = (device: GPUDevice, bytes: number): void =>
  void allocated.set(device, (allocated.get(device) ?? 0) + bytes);

/** Watches WebGPU and WebGL from now on; call it before backends make their devices. */
export function watchGpu(): void {
  if ('GPUDevice' in globalThis) {
    observe(GPUComputePassEncoder, 'dispatchWorkgroups', countDispatch);
    observe(GPUComputePassEncoder, 'dispatchWorkgroupsIndirect', countDispatch);
    observe(GPUDevice, 'createBuffer', (device, [{ size }], buffer) => {
      ownerOf.set(buffer, device);
      add(device, size);
    });
    observe(GPUBuffer, 'destroy', (buffer) => {
      const device = ownerOf.get(buffer);
      if (device && ownerOf.delete(buffer)) add(device, -buffer.size);
    });
  }
  if ('WebGL2RenderingContext' in globalThis) {
    observe(WebGL2RenderingContext, 'drawElements', countDispatch); // tfjs draws once a kernel
  }
}

/** Dispatches (or draw calls) since this was asked last. */
export function takeDispatches(): number {
  const count = dispatches;
  dispatches = 0;
  return count;
}

/** Bytes that the active backend holds: buffers of its device, textures, or tensors. */
export function bytesHeld(): number {
  const { device } = tf.backend() as { device?: GPUDevice };
  const ofDevice = device && allocated.get(device);
  const { numBytes, numBytesInGPUAllocated } = tf.memory() as tf.MemoryInfo & {
    numBytesInGPUAllocated?: number;
  };
  return ofDevice ?? numBytesInGPUAllocated ?? numBytes;
}
