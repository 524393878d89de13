/** Attention that one kernel is not the best form of: in parts, or as products and a softmax. */
import type { GraphBuilder } from '../../ir/builder';
import type { Expr } from '../../ir/expression';
import { sizeOf, type Node, type Value } from '../../ir/graph';
import { op } from '../match';
import type { FusionRule } from '../rule';
import { attentionForm, type AttentionShape } from './attention-form';

function shapeOf({ inputs: [query, , value] }: Node): AttentionShape {
  const [queries, depth] = query.shape.slice(-2);
  const [keys, width] = value.shape.slice(-2);
  return { heads: sizeOf(query.shape.slice(0, -2)), queries, keys, depth, width };
}

export const splitAttention: FusionRule<number> = {
  name: 'split-attention',
  equation: 'attention(q, k, v) ⇒ merge of the attention to parts of the keys',
  match: op('Attention'),
  check({ root, target }) {
    const form = attentionForm(shapeOf(root), target);
    return form.kind === 'parts' ? form.keysPerPart : '';
  },
  rewrite({ root }, build, keysPerPart) {
    const { score } = root.attrs;
    const parts = build.op('AttentionPart', root.inputs, { score, keysPerPart });
    return build.op('AttentionMerge', [parts], { width: root.outputs[0].shape.at(-1) });
  },
};

/** Adds the kernels of an expression to a graph; `slots` are its inputs. */
function addExpression(build: GraphBuilder, expr: Expr, slots: readonly Value[]): Value {
  const known = new Map<Expr, Value>();
  const add = (part: Expr): Value => {
    if (part.kind === 'input') return slots[part.index];
    if (part.kind === 'constant') return build.scalar(part.value, part.type);
    let value = known.get(part);
    if (!value) {
      value = build.op(part.op.kernel, part.args.map(add), part.attrs);
      known.set(part, value);
    }
    return value;
  };
  return add(expr);
}

export const composeAttention: FusionRule = {
  name: 'compose-attention',
  equation: 'attention(q, k, v) ⇒ softmax(score(q · kᵀ)) · v',
  match: op('Attention'),
  check: ({ root, target }) =>
    attentionForm(shapeOf(root), target).kind === 'composed' ? null : '',
  rewrite({ root }, build) {
    const [q, k, v, ...masks] = root.inputs;
    const product = build.op('BatchMatMul', [q, k], { transposeA: false, transposeB: true });
    const scores = addExpression(build, root.attrs.score as Expr, [product, ...masks]);
    const weights = build.op('Softmax', [scores]);
    return build.op('BatchMatMul', [weights, v], { transposeA: false, transposeB: false });
  },
};
