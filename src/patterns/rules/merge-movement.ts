import type { Node } from '../../ir/graph';
import { any, op } from '../match';
import type { FusionRule } from '../rule';

/** Index maps cancel in kernels by themselves; merged, they no longer stand between other matches. */
export const mergeReshapes: FusionRule = {
  name: 'merge-reshapes',
  equation: 'reshape(reshape(x)) ⇒ reshape(x)',
  match: op('Reshape', [op('Reshape', [any('x')])]),
  leaks: 'keep',
  rewrite: (match, build) => build.reshape(match.value('x'), match.root.outputs[0].shape),
};

export const mergeTransposes: FusionRule = {
  name: 'merge-transposes',
  equation: 'transpose(transpose(x, p), q) ⇒ transpose(x, p ∘ q)',
  match: op('Transpose', [op('Transpose', [any('x')], { as: 'inner' })]),
  leaks: 'keep',
  rewrite(match, build) {
    const inner = (match.value('inner').producer as Node).attrs.perm as number[];
    const outer = match.root.attrs.perm as number[];
    return build.transpose(
      match.value('x'),
      outer.map((axis) => inner[axis]),
    );
  },
};
