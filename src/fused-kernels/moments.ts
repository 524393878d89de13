/** Mean and variance of rows in one dispatch: two results of one kernel. */
import type { KernelEmission } from './emit';
import { emitKernel } from './emit';
import type { FusedKernel } from './kernel';
import { keptCoords } from './reduce';
import { RowStatistics } from './row-statistics';
import type { Operand } from './wgsl/inliner';
import type { ShaderProgram } from './wgsl/kernel-writer';

function emitMoments(emission: KernelEmission): ShaderProgram {
  const { writer, inliner, request } = emission;
  const { anchor } = request.group;
  const rows = new RowStatistics(emission);
  const { space, shared, threads } = rows;
  rows.emitMean();
  const squares = rows.emitSquares((step) => rows.deviation(step));
  const width = space.lanesAlongRow ? 1 : space.width;
  const result = (code: string): Operand => inliner.define(code, width, 'float32', 0);
  const moments = [result('pivot + mean'), result(`(${squares}) / ${rows.count}`)];
  const coords = keptCoords(anchor, space.rowCoords(rows.row));
  const store = (): void => emission.epilogue(coords, moments, width);
  if (shared) writer.block('if (local.x == 0u)', store);
  else store();
  return writer.finish(emission.title, threads.workgroups, threads.parameters);
}

export const momentsKernel: FusedKernel = {
  name: 'moments',
  anchors: ['Moments'],
  refuse: () => null,
  reuse: () => 2,
  generate: (request) => emitKernel(request, emitMoments),
};
