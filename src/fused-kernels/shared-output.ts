/** Threads for kernels where an output belongs to one invocation, or to a whole workgroup. */
import type { KernelEmission } from './emit';

export interface OwnerThreads {
  readonly workgroups: readonly [number, number, number];
  /** Parameters of `main`; undefined for the usual ones. */
  readonly parameters?: string;
}

/**
 * How tiles are numbered: through `counts`, of which those along `axis` follow a size. Where a shader is to
 * serve other sizes too, one of them is divided by as if it were two, the second beyond the edge.
 */
export function numberTiles(
  { writer }: KernelEmission,
  counts: readonly number[],
  axis: number,
): { readonly counts: readonly number[]; readonly total: number } {
  const product = (list: readonly number[]): number => list.reduce((all, count) => all * count, 1);
  if (!writer.options.anySize || counts[axis] !== 1) return { counts, total: product(counts) };
  const widened = counts.map((count, i) => (i === axis ? 2 : count));
  // The second tile is the last one where nothing is in front of it, and need not be.
  const isFirst = product(counts.slice(0, axis)) === 1;
  return { counts: widened, total: product(isFirst ? counts : widened) };
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
  const bounded = x * y > count ? `min(${index}, ${writer.uniforms.integer(count - 1)})` : index;
  if (count > 1 || writer.options.anySize) writer.statement(`let ${name} = ${bounded};`);
  writer.defineVariable(name);
  return {
    workgroups: [x, y, 1],
    parameters:
      '@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>',
  };
}
