/**
 * Identities that hold to the last bit, NaN, infinities and −0 included: a line each. What needs a
 * condition, or words, is a rule in a file of its own.
 */
import type { GraphBuilder } from '../../ir/builder';
import type { Node, Value } from '../../ir/graph';
import { any, exactly, op, type Pattern } from '../match';
import type { FusionRule, Match } from '../rule';

const x = any('x');

function identity(
  name: string,
  equation: string,
  match: Pattern,
  rewrite: (x: Value, build: GraphBuilder, match: Match) => Value,
): FusionRule {
  // What the pattern names stays for those who need it as well: nothing is computed twice.
  return {
    name,
    equation,
    match,
    leaks: 'keep',
    rewrite: (found, build) => rewrite(found.value('x'), build, found),
  };
}

const again = (kernel: string): FusionRule =>
  identity(
    `${kernel.toLowerCase()}-again`,
    `${kernel}(${kernel}(x)) ⇒ ${kernel}(x)`,
    op(kernel, [op(kernel, [x])]),
    (value, build) => build.op(kernel, [value]),
  );

const permOf = (value: Value): number[] => (value.producer as Node).attrs.perm as number[];

// prettier-ignore
export const identities: readonly FusionRule[] = [
  // Index maps cancel in kernels by themselves; merged, they no longer stand between other matches.
  identity('merge-reshapes', 'reshape(reshape(x)) ⇒ reshape(x)',
    op('Reshape', [op('Reshape', [x])]), (v, build, { root }) => build.reshape(v, root.outputs[0].shape)),
  identity('merge-transposes', 'transpose(transpose(x, p), q) ⇒ transpose(x, p ∘ q)',
    op('Transpose', [op('Transpose', [x], { as: 'inner' })]), (v, build, { root, value }) =>
      build.transpose(v, permOf(root.outputs[0]).map((axis) => permOf(value('inner'))[axis]))),

  identity('times-one', 'x · 1 ⇒ x', op('Multiply', [x, exactly(1)]), (v) => v),
  identity('over-one', 'x / 1 ⇒ x', op('RealDiv', [x, exactly(1)]), (v) => v),
  identity('minus-zero', 'x − 0 ⇒ x', op('Sub', [x, exactly(0)]), (v) => v),
  identity('negative-of-negative', '−(−x) ⇒ x', op('Neg', [op('Neg', [x])]), (v) => v),
  identity('not-not', '¬¬x ⇒ x', op('LogicalNot', [op('LogicalNot', [x])]), (v) => v),
  identity('maximum-of-same', 'max(x, x) ⇒ x', op('Maximum', [x, x]), (v) => v),
  identity('minimum-of-same', 'min(x, x) ⇒ x', op('Minimum', [x, x]), (v) => v),
  identity('abs-of-negative', '|−x| ⇒ |x|', op('Abs', [op('Neg', [x])]), (v, build) => build.op('Abs', [v])),
  identity('square-of-negative', '(−x)² ⇒ x²', op('Square', [op('Neg', [x])]), (v, build) => build.op('Square', [v])),
  identity('square-of-abs', '|x|² ⇒ x²', op('Square', [op('Abs', [x])]), (v, build) => build.op('Square', [v])),
  ...['Relu', 'Relu6', 'Abs', 'Floor', 'Ceil', 'Round', 'Sign'].map(again),
];
