/** The backends that commands run models on, on the machine's own adapter. */
import { CliError } from './cli-error';
import { ADAPTER_CURE, provideGpu } from './gpu';
import type { Parts } from './parts';

/**
 * Registers stock `webgpu` and `webgpu-fused` on the machine's adapter.
 *
 * @param options Dawn's.
 * @throws CliError if there is no WebGPU, or no adapter.
 */
export async function provideBackends(
  what: string,
  parts: Parts,
  options: string[] = [],
): Promise<GPUAdapterInfo> {
  const gpu = await provideGpu(what, options);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) {
    throw new CliError(what, {
      got: 'no WebGPU adapter',
      needs: 'a GPU with a driver, or a software driver',
      cure: ADAPTER_CURE,
    });
  }
  await parts.backend();
  return adapter.info;
}
