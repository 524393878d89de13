/** Compares a kernel with what the device can bind and launch: WebGPU tells of it late, or not at all. Pure. */
import type { KernelTarget } from '../fused-kernels/kernel';
import { byteSize, type AccessMode, type ShaderProgram } from '../fused-kernels/wgsl/kernel-writer';
import { workgroupBytes } from '../fused-kernels/wgsl/workgroup-memory';

/** Workgroups a dimension that every device has; targets may ask kernels to wrap earlier. */
const MIN_WORKGROUPS = 65535;

/** Textures that a shader may read on every device, and as how many of them a binding counts. */
const MAX_TEXTURES = 16;
const TEXTURES: Partial<Record<AccessMode, number>> = { texture: 1, external: 4 };

/** The first limit that a kernel exceeds, with both numbers; null if it keeps to all of them. */
export function exceededLimit(program: ShaderProgram, target: KernelTarget): string | null {
  const { workgroups, wgsl } = program;
  const bindings = program.bindings.filter(({ access }) => !TEXTURES[access]);
  if (bindings.length > target.maxStorageBuffers) {
    return `it binds ${bindings.length} storage buffers; the device has ${target.maxStorageBuffers}`;
  }
  const textures = program.bindings.reduce((sum, { access }) => sum + (TEXTURES[access] ?? 0), 0);
  if (textures > MAX_TEXTURES) {
    return `it reads ${textures} textures; every device has ${MAX_TEXTURES}`;
  }
  for (const { value } of bindings) {
    const bytes = byteSize(value);
    if (bytes <= target.maxBindingBytes) continue;
    return (
      `it binds ${value.name || 'a value'} of ${bytes} bytes; the device binds ` +
      `${target.maxBindingBytes} at most. Run it on smaller batches`
    );
  }
  const groups = Math.max(...workgroups);
  const maxGroups = Math.max(target.maxWorkgroupsPerDimension, MIN_WORKGROUPS);
  if (groups > maxGroups) {
    return `it launches ${groups} workgroups along a dimension; the device has ${maxGroups}`;
  }
  const memory = workgroupBytes(wgsl);
  if (memory > target.maxWorkgroupMemory) {
    return `its workgroups need ${memory} bytes of memory; the device has ${target.maxWorkgroupMemory}`;
  }
  return null;
}
