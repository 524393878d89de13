/** What a kernel of stock's would bind, compared with the device before it is launched: stock never asks. */
import { util, type TensorInfo } from '@tensorflow/tfjs-core';

export interface DispatchLimits {
  readonly maxBytes: number;
  readonly maxBuffers: number;
}

export function dispatchLimits({ limits }: Pick<GPUDevice, 'limits'>): DispatchLimits {
  return {
    maxBytes: Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize),
    maxBuffers: limits.maxStorageBuffersPerShaderStage,
  };
}

/**
 * @param name of the kernel, for the error.
 * @throws Error if it would bind more, or larger buffers than the device has.
 */
export function assertDispatch(
  name: string,
  result: readonly number[],
  inputs: readonly TensorInfo[],
  { maxBytes, maxBuffers }: DispatchLimits,
): void {
  if (inputs.length + 1 > maxBuffers) {
    throw new Error(
      `[webgpu-fused] ${name}: got ${inputs.length} operands and a result, which are storage buffers of ` +
        `one shader; needs ${maxBuffers} at most on this device. Call it with fewer operands.`,
    );
  }
  for (let i = -1; i < inputs.length; i++) {
    const shape = i < 0 ? result : inputs[i].shape;
    const bytes = 4 * util.sizeFromShape(shape as number[]);
    if (bytes <= maxBytes) continue;
    if (!Number.isFinite(bytes)) {
      throw new Error(
        `[webgpu-fused] ${name}: got a tensor [${shape}]; needs dimensions that are whole numbers. ` +
          'Strides, dilations and sizes are 1 or more.',
      );
    }
    throw new Error(
      `[webgpu-fused] ${name}: got a tensor [${shape}] of ${bytes} bytes; needs ${maxBytes} at most, which ` +
        'is what a shader can see of a buffer on this device. Use smaller batches, or split it.',
    );
  }
}
