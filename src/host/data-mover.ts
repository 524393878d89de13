/** Brings tensors of other backends here; also in Node, where stock `webgpu` cannot be read. */
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import {
  engine,
  util,
  type DataId,
  type DataMover,
  type KernelBackend,
} from '@tensorflow/tfjs-core';
import { backendOf, tensorData } from './internals';
import { needsEventPump, readBufferSync } from './read-sync';

export const dataMover: DataMover = {
  moveData(destination: KernelBackend, dataId: DataId): void {
    const source = backendOf(dataId);
    // A subclass, as ours, knows how to be read.
    const isStock = source instanceof WebGPUBackend && source.constructor === WebGPUBackend;
    if (isStock && needsEventPump()) cacheValues(source, dataId);
    engine().moveData(destination, dataId);
  },
};

/** Gives a GPU-resident tensor of a WebGPU backend its values on the host. */
export function cacheValues(source: WebGPUBackend, dataId: DataId): void {
  const data = tensorData(source, dataId);
  if (data.values != null || !data.resource) return;
  source.endComputePassEncoder();
  source.ensureCommandEncoderReady();
  source.submitQueue();
  const bytes = readBufferSync(source.device, data.resource as GPUBuffer);
  data.values = util.convertBackendValuesAndArrayBuffer(bytes, data.dtype);
}
