/** Scaled dot-product attention, with whatever scale, mask or bias stands before its softmax. */
import type { GraphBuilder } from '../../ir/builder';
import { apply, constant, input, scalarOp, type Expr, type ScalarOp } from '../../ir/expression';
import { sameShape, sizeOf, type Node, type Shape, type Value } from '../../ir/graph';
import { broadcastsTo } from '../../ir/infer/shape';
import { comparesPositions } from '../../ir/positions';
import { any, below, op, scalarValue } from '../match';
import type { FusionRule, Match } from '../rule';
import { attentionForm } from './attention-form';

/** What an attention is made of; operands are in the layout of the `Attention` primitive. */
interface AttentionParts {
  /** The product of queries and keys, and whether the scores are its transpose. */
  readonly product: Node;
  readonly swapped: boolean;
  /** Shape of the scores where masks meet them: batch…, queries, keys. */
  readonly shape: Shape;
  readonly score: Expr;
  readonly masks: readonly Value[];
}

/** Thrown inside {@link traceScores} only: a reason why these are not scores. */
class NoScores extends Error {}

/** Follows scores back to the product of queries and keys, through elementwise kernels. */
class ScoreTracer {
  readonly masks: Value[] = [];
  product: Node | null = null;
  swapped = false;
  private maskShape: Shape | null = null;
  private readonly visited = new Set<Node>();
  private readonly leads = new Map<Value, boolean>();

  constructor(private readonly match: Match) {}

  trace(value: Value): AttentionParts {
    const score = this.expression(value, false);
    this.demandPrivate();
    const product = this.product as Node;
    const { shape } = product.outputs[0];
    const plain = this.swapped ? [...shape.slice(0, -2), ...shape.slice(-2).reverse()] : shape;
    return {
      product,
      swapped: this.swapped,
      shape: this.maskShape ?? plain,
      score,
      masks: this.masks,
    };
  }

  /** True if a product of matrices is at the end of elementwise kernels that make `value`. */
  private leadsToProduct(value: Value, depth = 0): boolean {
    const known = this.leads.get(value);
    if (known !== undefined) return known;
    const node = value.producer;
    let answer = false;
    if (node && depth < 12) {
      if (node.kernel === 'BatchMatMul') answer = true;
      else if (scalarOp(node.kernel) || keepsMatrices(node)) {
        answer = node.inputs.some(
          (operand) =>
            sizeOf(operand.shape) === sizeOf(value.shape) &&
            this.leadsToProduct(operand, depth + 1),
        );
      }
    }
    this.leads.set(value, answer);
    return answer;
  }

  private expression(value: Value, swapped: boolean): Expr {
    const node = value.producer;
    if (!node || !this.leadsToProduct(value)) throw new NoScores('its scores are no product');
    this.visited.add(node);
    if (node.kernel === 'BatchMatMul') return this.atProduct(node, swapped);
    if (keepsMatrices(node)) {
      return this.expression(node.inputs[0], swapped !== swapsMatrices(node));
    }
    const args = node.inputs.map((operand) =>
      this.leadsToProduct(operand) && sizeOf(operand.shape) === sizeOf(value.shape)
        ? this.expression(operand, swapped)
        : this.mask(operand, value.shape, swapped),
    );
    return apply(scalarOp(node.kernel) as ScalarOp, args, node.attrs);
  }

  private atProduct(node: Node, swapped: boolean): Expr {
    if (this.product && (this.product !== node || this.swapped !== swapped)) {
      throw new NoScores('its scores join two products');
    }
    this.product = node;
    this.swapped = swapped;
    return input(0, 'float32');
  }

  private mask(operand: Value, shape: Shape, swapped: boolean): Expr {
    const number = scalarValue(operand);
    if (number !== undefined) return constant(number, operand.dtype);
    const { producer } = operand;
    if (producer && comparesPositions(operand) && broadcastsTo(operand.shape, shape) && !swapped) {
      // Compared where a score is computed, a causal mask takes no memory, and tells what it hides.
      const args = producer.inputs.map((positions) => this.mask(positions, shape, swapped));
      return apply(scalarOp(producer.kernel) as ScalarOp, args, producer.attrs);
    }
    if (swapped) throw new NoScores('a mask meets transposed scores');
    if (this.maskShape && !sameShape(this.maskShape, shape)) {
      throw new NoScores('its masks meet the scores in different shapes');
    }
    this.maskShape = shape;
    const known = this.masks.indexOf(operand);
    const slot = known >= 0 ? known : this.masks.push(operand) - 1;
    return input(slot + 1, operand.dtype);
  }

  /** Scores are never stored, so nobody else may read them. */
  private demandPrivate(): void {
    const inside = new Set([...this.visited, ...this.match.nodes]);
    for (const { outputs } of this.visited) {
      if (this.match.isOutput(outputs[0])) throw new NoScores('its scores are an output');
      const other = this.match.usesOf(outputs[0]).find((use) => !inside.has(use));
      if (other) throw new NoScores(`its scores are used by ${other.kernel} as well`);
    }
  }
}

/** True for layout changes after which the last two dimensions are the same, or swapped. */
function keepsMatrices(node: Node): boolean {
  const [from] = node.inputs;
  if (node.kernel === 'Reshape') {
    return sameShape(from.shape.slice(-2), node.outputs[0].shape.slice(-2));
  }
  return swapsMatrices(node);
}

function swapsMatrices({ kernel, attrs }: Node): boolean {
  if (kernel !== 'Transpose') return false;
  const perm = attrs.perm as number[];
  const rank = perm.length;
  return sameShape(perm, [...perm.keys()].slice(0, -2).concat(rank - 1, rank - 2));
}

function traceScores(match: Match): AttentionParts | string {
  try {
    return new ScoreTracer(match).trace(match.value('scores'));
  } catch (error) {
    if (error instanceof NoScores) return error.message;
    throw error;
  }
}

function transposeMatrices(build: GraphBuilder, x: Value): Value {
  const rank = x.shape.length;
  return build.transpose(x, [...x.shape.keys()].slice(0, -2).concat(rank - 1, rank - 2));
}

/** Gives an operand the batch dimensions of the scores; null if it has others. */
function withBatch(build: GraphBuilder, x: Value, batch: Shape): Value | null {
  const own = x.shape.slice(0, -2);
  if (sizeOf(own) === sizeOf(batch)) return build.reshape(x, [...batch, ...x.shape.slice(-2)]);
  return own.length === batch.length && broadcastsTo(own, batch) ? x : null;
}

export const attention: FusionRule<AttentionParts> = {
  name: 'attention',
  equation: 'softmax(score(q · kᵀ)) · v ⇒ attention(q, k, v)',
  match: op(
    'BatchMatMul',
    [below('Reshape', op('Softmax', [any('scores')], { as: 'weights' })), any('v')],
    { where: ({ attrs }) => attrs.transposeA === false },
  ),
  check(match) {
    const parts = traceScores(match);
    if (typeof parts === 'string') return parts;
    const weights = match.root.inputs[0].shape;
    if (!sameShape(weights.slice(-2), parts.shape.slice(-2))) {
      return 'a reshape mixes its queries or keys with other axes';
    }
    const [a] = parts.product.inputs;
    const head = parts.product.attrs.transposeA ? a.shape.at(-2) : a.shape.at(-1);
    const [queries, keys] = parts.shape.slice(-2);
    const width = match.root.outputs[0].shape.at(-1) as number;
    const heads = sizeOf(parts.shape.slice(0, -2));
    const sizes = { heads, queries, keys, depth: head as number, width };
    const form = attentionForm(sizes, match.target);
    return form.kind === 'composed' ? form.reason : parts;
  },
  rewrite(match, build, { product, swapped, shape, score, masks }) {
    const [a, b] = product.inputs;
    // Both operands as rows of heads: a as it is, b transposed.
    const rowsA = product.attrs.transposeA ? transposeMatrices(build, a) : a;
    const rowsB = product.attrs.transposeB ? b : transposeMatrices(build, b);
    const value = match.root.attrs.transposeB
      ? transposeMatrices(build, match.value('v'))
      : match.value('v');
    const batch = shape.slice(0, -2);
    const operands = [...(swapped ? [rowsB, rowsA] : [rowsA, rowsB]), value];
    const aligned = operands.map((operand) => withBatch(build, operand, batch) ?? operand);
    const y = build.op('Attention', [...aligned, ...masks], { score });
    return build.reshape(y, match.root.outputs[0].shape);
  },
};
