/**
 * Where a condition holds: one workgroup, whose invocations own a run of elements each. They note and count
 * what is true in theirs, add up what is in front of it, and store each position at its rank. On a processor one
 * invocation owns all.
 */
import * as ix from '../ir/index-expression';
import type { KernelEmission } from './emit';
import { emitKernel } from './emit';
import type { FusedKernel, KernelRequest } from './kernel';
import { ownerThreads } from './shared-output';
import type { ShaderProgram } from './wgsl/kernel-writer';

/** Most invocations of a workgroup: WebGPU's limit on every device. */
const MAX_INVOCATIONS = 256;

function emitWhere(emission: KernelEmission, invocations: number): ShaderProgram {
  const { writer, inliner, request } = emission;
  const [condition] = request.group.anchor.inputs;
  const [count] = condition.shape;
  const threads = ownerThreads(emission, 1, true, 'only');
  const length = writer.uniform('runLength', Math.ceil(count / invocations));
  writer.statement(`let begin = i32(local.x) * ${length};`);
  writer.statement(`let end = min(begin + ${length}, ${writer.uniform('elementCount', count)});`);
  const forEachElement = (visit: () => void): void =>
    writer.block('for (var at = begin; at < end; at++)', () => {
      writer.defineVariable('at');
      writer.statement('let slot = u32(at - begin);');
      visit();
    });

  // Asked once: a condition that is computed twice may be rounded in two ways.
  const words = 2 ** Math.ceil(Math.log2(Math.ceil(count / invocations / 32)));
  writer.statement(`var bits: array<u32, ${words}>;`);
  writer.statement('var own = 0;');
  forEachElement(() => {
    const element = inliner.value(condition, [ix.variable('at', count)]).code;
    writer.statement(`let holds = ${element} != 0;`);
    writer.statement('bits[slot / 32u] |= u32(holds) << (slot % 32u);');
    writer.statement('own += i32(holds);');
  });
  writer.statement('var rank = 0;');
  if (invocations === 1) writer.statement('let total = own;');
  else {
    writer.declare(`var<workgroup> counts: array<i32, ${invocations}>;`);
    writer.statement('counts[local.x] = own;');
    writer.statement('workgroupBarrier();');
    writer.statement('var total = 0;');
    writer.block(`for (var other = 0u; other < ${invocations}u; other++)`, () => {
      writer.statement('rank += select(0, counts[other], other < local.x);');
      writer.statement('total += counts[other];');
    });
  }
  forEachElement(() => {
    writer.statement('let holds = i32((bits[slot / 32u] >> (slot % 32u)) & 1u);');
    // What does not hold has a place as well, behind all that does: no element is left unwritten.
    writer.statement('let place = select(total + at - rank, rank, holds == 1);');
    writer.defineVariable('place');
    const position = { code: 'at', width: 1, dtype: 'int32', depth: writer.depth } as const;
    emission.epilogue([ix.variable('place', count)], [position], 1);
    writer.statement('rank += holds;');
  });
  writer.block('if (local.x == 0u)', () => emission.storeAside('total'));
  return writer.finish(emission.title, threads.workgroups, threads.parameters);
}

/** A processor takes longer to compile a barrier than to walk along all elements. */
const invocationsOf = ({ target }: KernelRequest): number =>
  target.stagesTiles ? Math.min(MAX_INVOCATIONS, target.maxInvocations) : 1;

export const whereKernel: FusedKernel = {
  name: 'where',
  anchors: ['Where'],
  refuse: () => null,
  reuse: () => 1,
  generate: (request) => {
    const invocations = invocationsOf(request);
    return emitKernel(request, (emission) => emitWhere(emission, invocations), invocations);
  },
};
