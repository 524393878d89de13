/** Convolutions that read the same image through the same window as one, as in Inception blocks. */
import { attrsKey } from '../../ir/attrs-key';
import { isConstant } from '../../ir/constant-part';
import { sizeOf, type Node } from '../../ir/graph';
import { any, constant, op } from '../match';
import type { FusionRule, Match } from '../rule';
import { branchOf, joinBranches, type Branch } from './branches';

/** Fewer pixels are rows of small dense layers, which chains make more of. */
const MIN_PIXELS = 65;

/** Kernels that read a part of the channels as cheaply as all; others would have it copied. */
const READERS: ReadonlySet<string> = new Set([
  ...['Conv2D', 'DepthwiseConv2dNative', 'Conv2DBackpropInput', 'BatchMatMul'],
  ...['MaxPool', 'AvgPool'],
]);

const windowOf = ({ inputs: [, filter], attrs }: Node): string =>
  `${filter.shape.slice(0, 3)} ${attrsKey(attrs)}`;

const activationsOf = ({ activations }: Branch): string =>
  activations.map(({ kernel, attrs }) => `${kernel} ${attrsKey(attrs)}`).join();

/** Convolutions that may be joined with `root`, root included if it may, in graph order. */
function branches(match: Match): Branch[] {
  const { root } = match;
  const own = branchOf(match, root, true);
  return match
    .usesOf(match.value('x'))
    .filter(
      (node) =>
        node.kernel === 'Conv2D' &&
        node.inputs[0] === root.inputs[0] &&
        isConstant(node.inputs[1]) &&
        windowOf(node) === windowOf(root),
    )
    .map((product) => branchOf(match, product, true))
    .filter(
      (branch) =>
        activationsOf(branch) === activationsOf(own) &&
        !match.isOutput(branch.result) &&
        match.usesOf(branch.result).every(({ kernel }) => READERS.has(kernel)),
    );
}

export const widenConvolution: FusionRule<readonly Branch[]> = {
  name: 'widen-convolution',
  equation: 'f(x ∗ a + c), f(x ∗ b + d) ⇒ parts of f(x ∗ [a b] + [c d])',
  match: op('Conv2D', [any('x'), constant('filter')]),
  check(match) {
    const [{ shape }] = match.root.outputs;
    const found = branches(match);
    const joins = found.length > 1 && found.some(({ product }) => product === match.root);
    if (!joins || sizeOf(shape.slice(0, -1)) < MIN_PIXELS) return '';
    const odd = found.slice(0, -1).find(({ result }) => (result.shape.at(-1) as number) % 4 !== 0);
    return odd ? `${odd.result.shape.at(-1)} channels would leave the next ones unaligned` : found;
  },
  rewrite(match, build, found) {
    return joinBranches(build, found, 3, (filter) =>
      build.op('Conv2D', [match.value('x'), filter], match.root.attrs),
    );
  },
};
