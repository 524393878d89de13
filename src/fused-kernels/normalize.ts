/** Layer, RMS, instance, group and L2 normalisation in one dispatch. */
import { nan } from '../ir/expression';
import { sizeOf } from '../ir/graph';
import * as ix from '../ir/index-expression';
import type { KernelEmission } from './emit';
import { emitKernel } from './emit';
import type { FusedKernel } from './kernel';
import { RowStatistics, type RowStep } from './row-statistics';
import type { ShaderProgram } from './wgsl/kernel-writer';

export type NormalizeForm = 'layer' | 'rms' | 'l2';

function emitNormalize(emission: KernelEmission): ShaderProgram {
  const { writer, inliner, request } = emission;
  const { anchor } = request.group;
  const [, epsilon] = anchor.inputs;
  const form = anchor.attrs.form as NormalizeForm;
  const rows = new RowStatistics(emission);
  const { space } = rows;
  // From the row's mean for `layer`, from 0 for the others.
  if (form === 'layer') rows.emitMean();
  const deviation = (step: RowStep): string =>
    form === 'layer' ? rows.deviation(step) : rows.load(step);
  const sum = rows.emitSquares(deviation);
  const least = inliner.value(
    epsilon,
    epsilon.shape.map(() => ix.zero),
  );
  const sumWidth = space.lanesAlongRow ? 1 : space.width;
  const power =
    form === 'l2'
      ? nan.max.call(writer.helpersOf(sumWidth), sum, inliner.widen(least, sumWidth))
      : `(${sum}) / ${rows.count} + ${least.code}`;
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
  reuse: ({ inputs: [x], attrs }, index) =>
    // Three passes over x; each row has its epsilon.
    index === 0 ? 3 : sizeOf(x.shape.filter((_, axis) => !(attrs.axes as number[]).includes(axis))),
  storesInput: true,
  generate: (request) => emitKernel(request, emitNormalize),
};
