/** Normalisations as exporters write them out, in one kernel. */
import type { GraphBuilder } from '../../ir/builder';
import { sameShape, type Value } from '../../ir/graph';
import { any, named, oneOf, op, single, type Pattern } from '../match';
import type { FusionRule, Match } from '../rule';
import {
  clipped,
  commonAxes,
  isPerRow,
  mean,
  reciprocalRoot,
  spread,
  squared,
  squareRoot,
  varianceAround,
} from './statistics';

const x = any('x');
/** An operand of the kernel, so that it need not be a constant. */
const epsilon = single('epsilon');

/** The mean, as the elements of its row meet it; two uses may differ in shape. */
const average = mean(x);
const averageOfRow = named('average', spread(average));
const centered = op('Sub', [x, averageOfRow]);

/** tf.nn.moments; x − mean squared; E[x²] − E[x]² (Flax). */
const variance = oneOf(
  varianceAround(x, averageOfRow),
  clipped(op('Sub', [spread(mean(squared(x))), spread(squared(spread(average)))])),
);

function inverseOf(power: Pattern): Pattern {
  return named('inverse', spread(reciprocalRoot(power)));
}

function rootOf(power: Pattern): Pattern {
  return named('inverse', spread(squareRoot(power)));
}

/** `d / √power`, perhaps with a factor that the exporter multiplied into the small operand first. */
function scaled(d: Pattern, power: Pattern): Pattern {
  return oneOf(
    op('Multiply', [d, inverseOf(power)]),
    op('Multiply', [d, spread(op('Multiply', [inverseOf(power), any('scale')]))]),
    op('RealDiv', [d, rootOf(power)]),
  );
}

const deviation = spread(op('Add', [spread(variance), epsilon]));

/** tf.nn.batch_normalization: x · g + (offset − mean · g), g = scale / √(variance + ε). */
const factor = named(
  'factor',
  oneOf(op('Multiply', [inverseOf(deviation), any('scale')]), inverseOf(deviation)),
);
const shifted = op('Add', [
  op('Multiply', [x, factor]),
  op('Sub', [any('offset'), op('Multiply', [averageOfRow, factor])]),
]);
const unshifted = op('Sub', [op('Multiply', [x, factor]), op('Multiply', [averageOfRow, factor])]);

/** The axes of the statistics, or a reason why others, or some spread along others, are here. */
function checkRows(match: Match): string | readonly number[] {
  const input = match.value('x');
  if (input.dtype !== 'float32') return `x is ${input.dtype}`;
  const axes = commonAxes(match.nodes);
  if (!axes) return 'its statistics are taken over different axes';
  for (const name of ['average', 'inverse']) {
    const statistic = match.find(name);
    if (statistic && !isPerRow(statistic, input, axes)) {
      return `its ${name} [${statistic.shape}] is not one for each row of x [${input.shape}]`;
    }
  }
  return sameShape(match.root.outputs[0].shape, input.shape)
    ? axes
    : `it broadcasts x [${input.shape}] up to [${match.root.outputs[0].shape}]`;
}

function normalize(form: string) {
  return (match: Match, build: GraphBuilder, axes: readonly number[]): Value => {
    const operands = [match.value('x'), match.value('epsilon')];
    let y = build.op('Normalize', operands, { axes: [...axes], form });
    for (const [name, kernel] of [
      ['scale', 'Multiply'],
      ['offset', 'Add'],
    ]) {
      const operand = match.find(name);
      if (operand) y = build.op(kernel, [y, operand]);
    }
    return y;
  };
}

export const layerNorm: FusionRule<readonly number[]> = {
  name: 'layer-norm',
  equation: '(x − mean(x)) / √(var(x) + ε) · s + b ⇒ normalize(x) · s + b',
  match: oneOf(scaled(centered, deviation), shifted, unshifted),
  check: checkRows,
  rewrite: normalize('layer'),
};

export const rmsNorm: FusionRule<readonly number[]> = {
  name: 'rms-norm',
  equation: 'x / √(mean(x²) + ε) ⇒ normalize(x)',
  match: scaled(x, spread(op('Add', [spread(mean(squared(x))), epsilon]))),
  check: checkRows,
  rewrite: normalize('rms'),
};

export const l2Norm: FusionRule<readonly number[]> = {
  name: 'l2-norm',
  equation: 'x / √(max(Σ x², ε)) ⇒ normalize(x)',
  match: scaled(x, spread(op('Maximum', [spread(op('Sum', [squared(x)])), epsilon]))),
  check: checkRows,
  rewrite: normalize('l2'),
};
