/**
 * Frames: tensors of pixels whose elements nobody has computed. Stock makes a texture of a canvas, a bitmap or a
 * video and launches a kernel that turns it into a tensor; here the texture stands for the tensor, and whoever
 * can read textures does. For all others stock's kernel is launched after all.
 */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { internalsOf, tensorData, type Frame } from './internals';

export type { Frame } from './internals';

/** What kernels bind. */
export type Bindable = GPUBuffer | GPUTexture | GPUExternalTexture;

/** Whether what a kernel binds is the browser's own, which is gone when the task ends. */
export function isLent(given: Bindable): given is GPUExternalTexture {
  return !(given instanceof GPUBuffer || given instanceof GPUTexture);
}

/** A backend that counts its frames. */
type FrameHolder = WebGPUBackend & { frames: number };

type DataId = TensorInfo['dataId'];

/** Releases the textures of tensors along with all else. */
export function releaseFrames(backend: FrameHolder): void {
  const internals = internalsOf(backend);
  const release = internals.releaseResource.bind(backend);
  internals.releaseResource = (dataId) => {
    dropFrame(backend, dataId);
    release(dataId);
  };
}

/** Lets go of the texture of a tensor. */
export function dropFrame(backend: FrameHolder, dataId: DataId): void {
  const data = tensorData(backend, dataId);
  const { frame } = data;
  if (!frame) return;
  data.frame = undefined;
  backend.frames--;
  backend.disposeData(frame.source.dataId);
}

/** A tensor of the texture that stock's kernel for pixels is about to read, from `source`. */
export function makeFrame(
  backend: FrameHolder,
  source: TensorInfo,
  shape: number[],
  launch: Frame['launch'],
): TensorInfo {
  const texture = tensorData(backend, source.dataId).resource as Frame['texture'];
  // Stock lets go of it, too.
  backend.incRef(source.dataId);
  backend.frames++;
  const made = backend.makeTensorInfo(shape, 'int32');
  const isExternal = isLent(texture);
  tensorData(backend, made.dataId).frame = { texture, isExternal, shape, source, launch };
  return made;
}

/** Computes the elements of a frame, unless they are there; the texture stays. */
export function computeElements(backend: WebGPUBackend, dataId: DataId): void {
  const data = tensorData(backend, dataId);
  const { frame, shape, dtype } = data;
  if (!frame || data.resource) return;
  // Not to be asked for again by the kernel that writes it.
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const bytes = 4 * shape.reduce((product, dim) => product * dim, 1);
  data.resource = backend.bufferManager.acquireBuffer(bytes, usage);
  frame.launch({ dataId, shape, dtype });
}
