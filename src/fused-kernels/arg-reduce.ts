/**
 * ArgMax and ArgMin: the first position of the extremum along one axis. A workgroup shares an
 * output where there is much to search; ties go to the lower position, as in tfjs's cpu kernels.
 *
 * Those kernels answer 0 where the first element is NaN, and pass any other NaN by: here the first
 * counts as the best value there is, the others as the worst.
 */
import { nan } from '../ir/expression';
import { sizeOf } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import type { KernelEmission } from './emit';
import { emitKernel, WORKGROUP_SIZE } from './emit';
import type { FusedKernel } from './kernel';
import { ownerThreads } from './shared-output';
import { scalarType, type ShaderProgram } from './wgsl/kernel-writer';

const compare: Readonly<Record<string, string>> = { ArgMax: '>', ArgMin: '<' };
const BEST: Readonly<Record<string, number>> = { ArgMax: Infinity, ArgMin: -Infinity };

function emitArgReduction(emission: KernelEmission): ShaderProgram {
  const { writer, inliner, request } = emission;
  const { anchor } = request.group;
  const [input] = anchor.inputs;
  const axis = anchor.attrs.axis as number;
  const length = input.shape[axis];
  const outerShape = input.shape.filter((_, i) => i !== axis);
  const outputs = sizeOf(outerShape);
  const better = compare[anchor.kernel];
  const shared = length >= 2 * WORKGROUP_SIZE && outputs < request.target.busyInvocations;

  const threads = ownerThreads(emission, outputs, shared);
  const outer = ix.delinearize(ix.variable('o', outputs), outerShape);
  const at = (position: IndexExpr): IndexExpr[] => [
    ...outer.slice(0, axis),
    position,
    ...outer.slice(axis),
  ];
  const start = shared ? 'i32(local.x)' : '0';
  const step = shared ? WORKGROUP_SIZE : 1;
  // Every invocation starts from the first element, so that no neutral element is needed.
  const best = BEST[anchor.kernel];
  /** An element, with `forNan` instead of NaN. */
  const element = (position: IndexExpr, forNan: number): string => {
    const { code } = inliner.value(input, at(position));
    if (input.dtype !== 'float32') return code;
    const isNan = nan.isNan.call(writer.helpersOf(1), code);
    return `select(${code}, ${writer.uniforms.special(forNan)}, ${isNan})`;
  };
  writer.statement(`var best = ${element(ix.zero, best)};`);
  writer.statement('var position = 0;');
  writer.block(`for (var r = ${start}; r < ${writer.dim('reduced', length)}; r += ${step})`, () => {
    writer.defineVariable('r');
    writer.statement(`let x = ${element(ix.variable('r', length), -best)};`);
    writer.block(`if (x ${better} best)`, () => {
      writer.statement('best = x;');
      writer.statement('position = r;');
    });
  });
  if (shared) {
    const type = scalarType(input.dtype);
    writer.declare(`var<workgroup> bests: array<${type}, ${WORKGROUP_SIZE}>;`);
    writer.declare(`var<workgroup> positions: array<i32, ${WORKGROUP_SIZE}>;`);
    writer.statement('bests[local.x] = best;');
    writer.statement('positions[local.x] = position;');
    writer.statement('workgroupBarrier();');
    for (let half = WORKGROUP_SIZE / 2; half >= 1; half /= 2) {
      writer.block(`if (local.x < ${half}u)`, () => {
        const other = `local.x + ${half}u`;
        writer.statement(`let tie = bests[${other}] == bests[local.x];`);
        writer.statement(`let earlier = positions[${other}] < positions[local.x];`);
        writer.block(`if (bests[${other}] ${better} bests[local.x] || (tie && earlier))`, () => {
          writer.statement(`bests[local.x] = bests[${other}];`);
          writer.statement(`positions[local.x] = positions[${other}];`);
        });
      });
      writer.statement('workgroupBarrier();');
    }
    writer.statement('position = positions[0];');
  }
  const store = (): void =>
    emission.epilogue(outer, { code: 'position', width: 1, dtype: 'int32', depth: 0 }, 1);
  if (shared) writer.block('if (local.x == 0u)', store);
  else store();
  return writer.finish(emission.title, threads.workgroups, threads.parameters);
}

export const argReduceKernel: FusedKernel = {
  name: 'arg-reduce',
  anchors: Object.keys(compare),
  refuse: (node) =>
    sizeOf(node.inputs[0].shape) === 0 ? 'searching no elements is left to tfjs' : null,
  reuse: () => 1,
  generate: (request) => emitKernel(request, emitArgReduction),
};
