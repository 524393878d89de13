/** Constants that are added one after the other. */
import { isConstant } from '../../ir/constant-part';
import { broadcastShapes } from '../../ir/infer/shape';
import { sizeOf } from '../../ir/graph';
import { any, constant, op } from '../match';
import type { FusionRule } from '../rule';

function mergeConstants(kernel: string, sign: string): FusionRule {
  return {
    name: `merge-constant-${kernel.toLowerCase()}`,
    equation: `(x ${sign} a) ${sign} b ⇒ x ${sign} (a ${sign} b)`,
    match: op(kernel, [op(kernel, [any('x'), constant('a')], { as: 'inner' }), constant('b')]),
    check(match) {
      const [x, a, b] = ['x', 'a', 'b'].map((name) => match.value(name));
      // Of constants alone, each is as much the x as the others: it would go on for ever.
      if (isConstant(x)) return '';
      if (x.dtype !== 'float32') return `it is ${x.dtype}, which may wrap in between`;
      const size = sizeOf(broadcastShapes([a.shape, b.shape]));
      return size > Math.max(sizeOf(a.shape), sizeOf(b.shape))
        ? `the constants [${a.shape}] and [${b.shape}] together are larger than either`
        : null;
    },
    rewrite: (match, build) =>
      build.op(kernel, [match.value('x'), build.op(kernel, [match.value('a'), match.value('b')])]),
  };
}

/** Biases and offsets that an exporter added one after the other. */
export const mergeConstantAdds = mergeConstants('Add', '+');
