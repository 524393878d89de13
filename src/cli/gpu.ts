/** WebGPU in Node for a command: a device of the machine, or one that computes nothing. */
import { importPackage } from './packages';

/** The npm package `webgpu`. */
interface Dawn {
  create(options: string[]): GPU;
  readonly globals: object;
}

/**
 * Provides `navigator.gpu` and the classes of WebGPU; what is there already stays.
 *
 * @param options Dawn's, such as `backend=null`, whose devices compute nothing.
 * @throws CliError if the package `webgpu` is not installed.
 */
export async function provideGpu(what: string, options: string[] = []): Promise<GPU> {
  const needs = 'it for WebGPU in Node';
  const { create, globals } = await importPackage<Dawn>(what, 'webgpu', needs);
  const provide = (target: object, name: string, value: unknown): void => {
    if (name in target) return;
    Object.defineProperty(target, name, { value, configurable: true, writable: true });
  };
  for (const [name, value] of Object.entries(globals)) provide(globalThis, name, value);
  // Node has a navigator since version 21.
  provide(globalThis, 'navigator', { userAgent: 'Node.js' });
  provide(globalThis.navigator, 'gpu', create(options));
  return globalThis.navigator.gpu;
}

/** Where no adapter is: how to get one. */
export const ADAPTER_CURE =
  'Install the driver of the GPU for Vulkan, Metal or Direct3D 12. On Linux without a GPU install ' +
  'Mesa 25 (lavapipe), or name a driver in VK_ICD_FILENAMES.';

/** An adapter in words, its class among them where that is more than its name. */
export function describeAdapter(info: GPUAdapterInfo): string {
  const { vendor, architecture, device, description } = info;
  return [description, vendor, architecture, device].filter((text) => text).join(', ') || 'unnamed';
}
