/**
 * Elements that were uploaded, kept on the host for the case that the device is lost. Only with
 * `WEBGPU_FUSED_RECOVER`: without it nothing is on the host as well as on the device.
 */
import type { BackendValues, DataId, DataType } from '@tensorflow/tfjs-core';
import { flag } from './flags';
import type { Elements } from './upload';

export class HostCopies {
  private readonly copies = new WeakMap<DataId, Elements>();

  /** Keeps a copy of `elements`, which the app may overwrite. */
  keep(dataId: DataId, elements: Elements, length: number): void {
    if (flag('WEBGPU_FUSED_RECOVER')) this.copies.set(dataId, elements.slice(0, length));
  }

  /** The elements of a tensor as tfjs has them on the host; undefined if there is no copy. */
  find(dataId: DataId, dtype: DataType): BackendValues | undefined {
    const elements = this.copies.get(dataId);
    return elements && dtype === 'bool' ? Uint8Array.from(elements) : elements;
  }
}
