/** Mish as frameworks write it out: one exponential does for it, without logarithm and tanh. */
import { any, exactly, oneOf, op } from '../match';
import type { FusionRule } from '../rule';

const x = any('x');
const exponential = op('Exp', [x]);
const softplus = oneOf(
  op('Softplus', [x]),
  op('Log1p', [exponential]),
  op('Log', [op('Add', [exponential, exactly(1)])]),
);

export const mish: FusionRule = {
  name: 'mish',
  equation: 'x · tanh(log(1 + exp(x))) ⇒ mish(x)',
  match: op('Multiply', [x, op('Tanh', [softplus])]),
  rewrite: (match, build) => build.op('Mish', [match.value('x')]),
};
