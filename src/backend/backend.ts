/** The backend: stock WebGPU with a device of our own, and an executor of fused plans. */
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { DataStorage, type BackendValues, type DataId } from '@tensorflow/tfjs-core';
import type { KernelTarget } from '../fused-kernels/kernel';
import { cacheValues, dataMover } from './data-mover';
import { PipelineCache } from './plan/pipelines';
import { needsEventPump } from './read-sync';
import { type AdapterClass, classifyAdapter, kernelTarget } from './target';

export const BACKEND_NAME = 'webgpu-fused';

export class WebGPUFusedBackend extends WebGPUBackend {
  readonly adapterClass: AdapterClass;
  readonly target: KernelTarget;
  readonly pipelines: PipelineCache;

  constructor(device: GPUDevice, info?: GPUAdapterInfo) {
    super(device, info);
    this.adapterClass = classifyAdapter(info);
    this.target = kernelTarget(device, this.adapterClass);
    this.pipelines = new PipelineCache(device);
    this.tensorMap = new DataStorage(this, dataMover);
  }

  override readSync(dataId: DataId): BackendValues {
    if (needsEventPump()) cacheValues(this, dataId);
    return super.readSync(dataId);
  }
}
