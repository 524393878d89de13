/** Layer, RMS, instance, group and L2 normalisation in one dispatch. */
import { nan } from '../ir/expression';
import type { KernelEmission } from './emit';
import { emitKernel } from './emit';
import type { FusedKernel } from './kernel';
import { RowStatistics, type Step } from './row-statistics';
import type { ShaderProgram } from './wgsl/kernel-writer';

export type NormalizeForm = 'layer' | 'rms' | 'l2';

function emitNormalize(emission: KernelEmission): ShaderProgram {
  const { writer, inliner, request } = emission;
  const { attrs } = request.group.anchor;
  const form = attrs.form as NormalizeForm;
  const rows = new RowStatistics(emission);
  const { space, type } = rows;
  // From the row's mean for `layer`, from 0 for the others.
  if (form === 'layer') rows.emitMean();
  const deviation = (step: Step): string =>
    form === 'layer' ? rows.deviation(step) : rows.load(step);
  const sum = rows.emitSquares(deviation);
  const epsilon = inliner.literal(attrs.epsilon as number, 'float32');
  const sumWidth = space.lanesAlongRow ? 1 : space.width;
  const power =
    form === 'l2'
      ? nan.max.call(
          writer.helpersOf(sumWidth),
          sum,
          sumWidth === 1 ? epsilon : `${type}(${epsilon})`,
        )
      : `(${sum}) / ${rows.count} + ${epsilon}`;
  writer.statement(`let inverse = inverseSqrt(${power});`);

  rows.pass.run('c', (step) => {
    const code = `(${step.register ?? deviation(step)}) * inverse`;
    const operand = inliner.define(code, space.width, 'float32', writer.depth);
    emission.epilogue(space.coords(rows.row, step.index), operand, space.width);
  });
  return writer.finish(emission.title, rows.threads.workgroups, rows.threads.parameters);
}

export const normalizeKernel: FusedKernel = {
  name: 'normalize',
  anchors: ['Normalize'],
  refuse: () => null,
  reuse: () => 3,
  storesInput: true,
  generate: (request) => emitKernel(request, emitNormalize),
};
