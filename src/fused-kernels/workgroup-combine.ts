/** Combines one value of every invocation of a workgroup. */
import { type KernelEmission, WORKGROUP_SIZE } from './emit';
import type { KernelWriter } from './wgsl/kernel-writer';

/**
 * Writes a tree combination of `memory`, an array in workgroup memory with an element of each of
 * `count` invocations, a power of two. The result is in element 0, for all invocations.
 */
export function emitTree(
  writer: KernelWriter,
  memory: string,
  count: number,
  join: (a: string, b: string) => string,
): void {
  writer.statement('workgroupBarrier();');
  writer.block(`for (var half = ${count / 2}u; half > 0u; half >>= 1u)`, () => {
    writer.block('if (local.x < half)', () => {
      const code = join(`${memory}[local.x]`, `${memory}[local.x + half]`);
      writer.statement(`${memory}[local.x] = ${code};`);
    });
    writer.statement('workgroupBarrier();');
  });
}

/**
 * Writes a tree combination of `code` over the invocations of a workgroup, in workgroup memory of
 * the name `memory`. Every invocation gets the result, whose text is returned.
 */
export function combineInWorkgroup(
  emission: KernelEmission,
  memory: string,
  type: string,
  code: string,
  join: (a: string, b: string) => string,
): string {
  const { writer } = emission;
  writer.declare(`var<workgroup> ${memory}: array<${type}, ${WORKGROUP_SIZE}>;`);
  writer.statement(`${memory}[local.x] = ${code};`);
  emitTree(writer, memory, WORKGROUP_SIZE, join);
  return `${memory}[0]`;
}
