/** Dense layers with nothing but a bias between them. */
import { isConstant } from '../../ir/constant-part';
import { sizeOf, type Node } from '../../ir/graph';
import { any, below, constant, oneOf, op } from '../match';
import type { FusionRule } from '../rule';
import { denseOf, type Dense } from './dense-layer';

const inner = op('BatchMatMul', [any('x'), constant('a')], { as: 'inner' });
const shifted = oneOf(op('Add', [below('Reshape', inner), constant('shift')]), inner);

/**
 * Two dense layers with nothing but a bias between them are one, whose weights are computed once,
 * on the device. Sums are taken in another order: the error stays within the bound of a product of
 * that depth, |x| · |a| · |b| times its length and the unit of rounding, but single bits differ; and
 * what was infinite in between may be NaN now, or the other way round.
 */
export const foldLinear: FusionRule<readonly [Dense, Dense]> = {
  name: 'fold-linear',
  equation: '(x · a + c) · b ⇒ x · (a · b) + c · b',
  match: op('BatchMatMul', [below('Reshape', shifted), constant('b')]),
  check(match) {
    if (isConstant(match.value('x'))) return '';
    const first = denseOf(match.value('inner').producer as Node);
    const second = denseOf(match.root);
    if (!first || !second) return 'its weights are not one matrix for all rows';
    if (first.columns !== second.depth) return 'a reshape mixes rows and columns in between';
    const shift = match.find('shift');
    if (shift && (sizeOf(shift.shape) !== second.depth || shift.shape.at(-1) !== second.depth)) {
      return `what is added in between, [${shift.shape}], is not one for each column`;
    }
    const joint = first.depth * second.columns;
    const apart = second.depth * (first.depth + second.columns);
    return joint >= apart
      ? `one layer would take ${joint} multiply-adds a row, two take ${apart}`
      : [first, second];
  },
  rewrite(match, build, [first, second]) {
    const plain = { transposeA: false, transposeB: false };
    const [a, b] = [first.weights(build), second.weights(build)];
    const rows = build.reshape(first.x, [sizeOf(first.x.shape) / first.depth, first.depth]);
    let y = build.op('BatchMatMul', [rows, build.op('BatchMatMul', [a, b], plain)], plain);
    const shift = match.find('shift');
    if (shift) {
      const product = build.op('BatchMatMul', [build.reshape(shift, [1, second.depth]), b], plain);
      y = build.op('Add', [y, build.reshape(product, [second.columns])]);
    }
    return build.reshape(y, match.root.outputs[0].shape);
  },
};
