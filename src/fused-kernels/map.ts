/** The plain loop: any DAG of scalar ops and data movement over one domain, four elements a thread. */
import { sizeOf } from '../ir/graph';
import * as ix from '../ir/index-expression';
import { emitKernel, type KernelEmission } from './emit';
import type { FusedKernel } from './kernel';
import { emitTransposedLoop, findTransposition, invocationsOf } from './transposed-loop';
import { laneVariable } from './wgsl/inliner';
import type { ShaderProgram } from './wgsl/kernel-writer';

function emitMap(emission: KernelEmission): ShaderProgram {
  const { writer, request } = emission;
  const { shape } = request.group.anchor.outputs[0];
  const size = sizeOf(shape);
  const width = size % 4 === 0 ? 4 : 1;
  const workgroups = writer.flatThread('i', size / width);
  const thread = ix.variable('i', size / width);
  const flat = width === 4 ? ix.add(ix.scale(thread, 4), laneVariable) : thread;
  emission.epilogue(ix.delinearize(flat, shape), null, width);
  return writer.finish(emission.title, workgroups);
}

export const mapKernel: FusedKernel = {
  name: 'map',
  anchors: [],
  refuse: () => null,
  reuse: (node, index) =>
    Math.max(1, sizeOf(node.outputs[0].shape) / Math.max(1, sizeOf(node.inputs[index].shape))),
  generate: (request) => {
    const transposed = findTransposition(request);
    return transposed
      ? emitKernel(
          request,
          (emission) => emitTransposedLoop(emission, transposed),
          invocationsOf(transposed),
        )
      : emitKernel(request, emitMap);
  },
};
