/** In training, a pool's gradient asks where its maxima are: the kernel that knows them gives the maxima as well. */
import { attrsKey } from '../../ir/attrs-key';
import type { Node } from '../../ir/graph';
import { any, op } from '../match';
import type { FusionRule } from '../rule';

export const poolPositions: FusionRule<Node> = {
  name: 'pool-positions',
  equation: 'max(x), positions(x) ⇒ both of one pass over x',
  match: op('MaxPool', [any('x')]),
  check({ root, usesOf, value }) {
    const key = attrsKey(root.attrs);
    const isSame = (node: Node): boolean =>
      node.kernel === 'MaxPoolPositions' && attrsKey(node.attrs) === key;
    return usesOf(value('x')).find(isSame) ?? '';
  },
  rewrite: (_match, _build, { outputs: [maximum] }) => maximum,
};
