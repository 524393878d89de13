/** Sums over many terms of few outputs, in parts: a workgroup for each would be few workgroups. */
import { any, op } from '../match';
import type { FusionRule } from '../rule';

/** Which ones, and how many parts, is for the kernels to say: see `FusedKernel.parts`. */
export const splitDepth: FusionRule<number> = {
  name: 'split-depth',
  equation: 'a · b ⇒ Σ of parts of a · b',
  match: op(['BatchMatMul', 'Conv2D'], [any(), any()]),
  check({ root, target }) {
    if (root.attrs.parts !== undefined) return '';
    const parts = target.partsOf(root);
    return parts > 1 ? parts : '';
  },
  rewrite({ root }, build, parts) {
    const divided = build.op(root.kernel, root.inputs, { ...root.attrs, parts });
    return build.op('Sum', [divided], { axes: [0], keepDims: false });
  },
};
