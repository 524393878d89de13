/** Combines one value of every invocation of a workgroup. */
import { type KernelEmission, WORKGROUP_SIZE } from './emit';

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
  writer.statement('workgroupBarrier();');
  for (let half = WORKGROUP_SIZE / 2; half >= 1; half /= 2) {
    writer.block(`if (local.x < ${half}u)`, () => {
      const other = `${memory}[local.x + ${half}u]`;
      writer.statement(`${memory}[local.x] = ${join(`${memory}[local.x]`, other)};`);
    });
    writer.statement('workgroupBarrier();');
  }
  return `${memory}[0]`;
}
