/**
 * The parts of complex tensors. Stock answers with the tensor that a part was made of, in the shape that it had
 * then: after a reshape of the whole, and so after every Fourier transform, that is another one.
 */
import { getKernel, registerKernel, unregisterKernel } from '@tensorflow/tfjs-core';

/** Has the parts of a complex tensor the tensor's own shape. */
export function mendComplexParts(backendName: string): void {
  for (const kernelName of ['Real', 'Imag']) {
    const config = getKernel(kernelName, backendName);
    if (!config) continue;
    unregisterKernel(kernelName, backendName);
    registerKernel({
      ...config,
      kernelFunc(call) {
        const [part] = [config.kernelFunc(call)].flat();
        const { shape } = call.inputs.input as { shape: number[] };
        return { ...part, shape: [...shape] };
      },
    });
  }
}
