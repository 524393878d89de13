/** WebGPU for the benchmarks in Node. */
import { installWebGPU } from '../../tools/gpu/install-webgpu.mjs';
import { watchDevices } from '../../src/measure/gpu-errors';

/**
 * Makes WebGPU available to this process; call before anything looks for `navigator.gpu`.
 *
 * @param options Dawn's, such as `backend=null`
 */
export function prepareGpu(options: string[] = []): void {
  installWebGPU({ options });
  watchDevices();
}
