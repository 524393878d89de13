/** The uniforms of all dispatches of a plan, in one buffer that is written once. */
import type { PlanDispatch } from '../compiler/plan';
import type { BoundSource } from './step';

export interface PlanUniforms {
  /** Null where no dispatch has uniforms. */
  readonly buffer: GPUBuffer | null;
  /** One for each dispatch; undefined where it has none. */
  readonly bindings: readonly (BoundSource | undefined)[];
}

/** Writes the uniforms of `dispatches`, each at an aligned offset. The buffer is the caller's. */
export function writeUniforms(
  device: GPUDevice,
  dispatches: readonly PlanDispatch[],
): PlanUniforms {
  const alignment = device.limits.minUniformBufferOffsetAlignment;
  let size = 0;
  const offsets = dispatches.map(({ program }) => {
    const offset = size;
    size += Math.ceil(program.uniforms.byteLength / alignment) * alignment;
    return offset;
  });
  if (size === 0) return { buffer: null, bindings: offsets.map(() => undefined) };
  const buffer = device.createBuffer({
    size,
    usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
  });
  const bytes = new Uint8Array(size);
  const bindings = dispatches.map(({ program: { uniforms } }, i): BoundSource | undefined => {
    if (uniforms.byteLength === 0) return undefined;
    bytes.set(new Uint8Array(uniforms), offsets[i]);
    return {
      source: { kind: 'fixed', buffer, offset: offsets[i] },
      size: uniforms.byteLength,
    };
  });
  device.queue.writeBuffer(buffer, 0, bytes);
  return { buffer, bindings };
}
