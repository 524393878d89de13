/** Matrix products that read the same operand, with constant weights, as one product. */
import { isConstant } from '../../ir/constant-part';
import { scalarOp } from '../../ir/expression';
import { sizeOf, type Node } from '../../ir/graph';
import { any, constant, op } from '../match';
import type { FusionRule, Match } from '../rule';
import { branchOf, joinBranches, type Branch } from './branches';

/** Products of more columns keep any device busy by themselves; joining them copies large weights. */
const MAX_COLUMNS = 1 << 16;

/** Columns of the weights. */
function columnsOf({ inputs: [, weights], attrs }: Node): number {
  return weights.shape.at(attrs.transposeB ? -2 : -1) as number;
}

/** Products of the same operand that may be joined with `root`, root included, in graph order. */
function branches(match: Match): Branch[] {
  const { root } = match;
  const [, weights] = root.inputs;
  return match
    .usesOf(match.value('x'))
    .filter(
      ({ kernel, inputs, attrs }) =>
        kernel === 'BatchMatMul' &&
        inputs[0] === root.inputs[0] &&
        inputs[1] !== inputs[0] &&
        isConstant(inputs[1]) &&
        attrs.transposeA === root.attrs.transposeA &&
        attrs.transposeB === root.attrs.transposeB &&
        sizeOf(inputs[1].shape.slice(0, -2)) === 1 &&
        inputs[1].shape.length === weights.shape.length,
    )
    .map((product) => branchOf(match, product))
    .filter((branch) => isReadByKernels(match, branch));
}

/**
 * An elementwise kernel after a part could be computed by the part's own kernel, but not by a
 * joint one: it would take a dispatch, which is what joining saves.
 */
function isReadByKernels(match: Match, { result }: Branch): boolean {
  return !match.isOutput(result) && match.usesOf(result).every((use) => !scalarOp(use.kernel));
}

/** Queries, keys and values of an attention; gates and values of a gated unit read by kernels. */
export const widenDense: FusionRule<readonly Branch[]> = {
  name: 'widen-dense',
  equation: 'x · a + c, x · b + d ⇒ parts of x · [a b] + [c d]',
  match: op('BatchMatMul', [any('x'), constant('weights')]),
  check(match) {
    const found = branches(match);
    if (found.length < 2 || !found.some(({ product }) => product === match.root)) {
      return '';
    }
    const columns = found.reduce((sum, { product }) => sum + columnsOf(product), 0);
    return columns > MAX_COLUMNS ? `${columns} columns together are too many` : found;
  },
  rewrite(match, build, found) {
    const { attrs, inputs } = match.root;
    const axis = inputs[1].shape.length - (attrs.transposeB ? 2 : 1);
    return joinBranches(build, found, axis, (weights) =>
      build.op('BatchMatMul', [match.value('x'), weights], attrs),
    );
  },
};
