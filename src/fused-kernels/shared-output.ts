/** Threads for kernels where an output belongs to one invocation, or to a whole workgroup. */
import type { KernelEmission } from './emit';

export interface OwnerThreads {
  readonly workgroups: readonly [number, number, number];
  /** Parameters of `main`; undefined for the usual ones. */
  readonly parameters?: string;
}

/**
 * Defines the index `name` of the output that this invocation works on, among `count`. With
 * `shared`, a workgroup works on one, and `local.x` numbers its invocations; workgroups beyond the
 * last repeat it, so that barriers stay in uniform control flow (WGSL, section "Uniformity").
 */
export function ownerThreads(
  emission: KernelEmission,
  count: number,
  shared: boolean,
  name = 'o',
): OwnerThreads {
  const { writer, request } = emission;
  if (!shared) return { workgroups: writer.flatThread(name, count) };
  const x = Math.min(count, request.target.maxWorkgroupsPerDimension);
  const y = Math.ceil(count / x);
  const index = y > 1 ? `i32(group.x) + i32(group.y) * ${writer.dim('groups', x)}` : 'i32(group.x)';
  const bounded = x * y > count ? `min(${index}, ${writer.integer(count - 1)})` : index;
  if (count > 1) writer.statement(`let ${name} = ${bounded};`);
  writer.defineVariable(name);
  return {
    workgroups: [x, y, 1],
    parameters:
      '@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>',
  };
}
