/** Bounds of what is within them: exporters write a clip to [0, 6] after a Relu. */
import { sameShape } from '../../ir/graph';
import { intervalOf } from '../../ir/interval';
import { any, op, scalar, scalarValue } from '../match';
import type { FusionRule } from '../rule';

function needlessBound(kernel: string, sign: '≥' | '≤'): FusionRule {
  return {
    name: `needless-${kernel.toLowerCase()}`,
    equation: `${kernel}(x, c) ⇒ x where x ${sign} c`,
    match: op(kernel, [any('x'), scalar('bound')]),
    leaks: 'keep',
    check(match) {
      const x = match.value('x');
      const { low, high } = intervalOf(x);
      const bound = scalarValue(match.value('bound')) as number;
      const isWithin = sign === '≥' ? low >= bound : high <= bound;
      return isWithin && sameShape(x.shape, match.root.outputs[0].shape) ? null : '';
    },
    rewrite: (match) => match.value('x'),
  };
}

/** NaN passes a bound as it passes what is left out, and no zero changes its sign that tfjs knows the sign of. */
export const needlessBounds: readonly FusionRule[] = [
  needlessBound('Maximum', '≥'),
  needlessBound('Minimum', '≤'),
];
