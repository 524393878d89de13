/** Softmax as exporters write it out. */
import { any, below, named, oneOf, op, scalar, type Pattern } from '../match';
import type { FusionRule, Match } from '../rule';
import { commonAxes, isPerRow, spread } from './statistics';

const x = any('x');

/** The row's maximum; JAX takes it of −∞ and the row. */
const highest = named(
  'highest',
  below(
    'Reshape',
    oneOf(
      op('Max', [x]),
      op('Maximum', [spread(op('Max', [x])), scalar(undefined, (value) => value === -Infinity)]),
    ),
  ),
);
const shifted = op('Sub', [x, highest]);
const exponential = oneOf(op('Exp', [shifted]), op('Exp', [x]));

function total(inner: Pattern): Pattern {
  return named('total', spread(op('Sum', [inner])));
}

function checkRows(match: Match): string | null {
  const input = match.value('x');
  const axes = commonAxes(match.nodes);
  const last = input.shape.length - 1;
  if (axes?.length !== 1 || axes[0] !== last) return 'it does not run along the last axis';
  for (const name of ['highest', 'total', 'logarithm']) {
    const statistic = match.find(name);
    if (statistic && !isPerRow(statistic, input, axes)) {
      return `its ${name} [${statistic.shape}] is not one for each row of x [${input.shape}]`;
    }
  }
  return null;
}

export const softmax: FusionRule = {
  name: 'softmax',
  equation: 'exp(x − max(x)) / Σ exp(x − max(x)) ⇒ softmax(x)',
  match: oneOf(
    op('RealDiv', [exponential, total(exponential)]),
    op('Multiply', [exponential, named('total', spread(op('Reciprocal', [total(exponential)])))]),
  ),
  check: checkRows,
  rewrite: (match, build) => build.op('Softmax', [match.value('x')]),
};

export const logSoftmax: FusionRule = {
  name: 'log-softmax',
  equation: 'x − max(x) − log Σ exp(x − max(x)) ⇒ logSoftmax(x)',
  match: op('Sub', [shifted, named('logarithm', spread(op('Log', [total(op('Exp', [shifted]))])))]),
  check: checkRows,
  rewrite: (match, build) => build.op('LogSoftmax', [match.value('x')]),
};
