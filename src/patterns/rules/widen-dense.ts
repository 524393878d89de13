/** Matrix products that read the same operand, with constant weights, as one product. */
import type { GraphBuilder } from '../../ir/builder';
import { isConstant } from '../../ir/constant-part';
import { scalarOp } from '../../ir/expression';
import { sameShape, sizeOf, type Node, type Value } from '../../ir/graph';
import { any, constant, op } from '../match';
import type { FusionRule, Match, Replacement } from '../rule';

/** A dense layer: a product with weights, and the bias that follows it. */
interface Branch {
  readonly product: Node;
  readonly bias: Value | null;
  /** The value that others read: the sum with the bias, where there is one. */
  readonly result: Value;
}

/** Products of more columns keep any device busy by themselves; joining them copies large weights. */
const MAX_COLUMNS = 1 << 16;

/** The constant of `columns` elements that is added to a product, if that is all that reads it. */
function branchOf(match: Match, product: Node): Branch {
  const [value] = product.outputs;
  const columns = value.shape[value.shape.length - 1];
  const uses = match.usesOf(value);
  const [add] = uses;
  if (uses.length === 1 && add.kernel === 'Add' && !match.isOutput(value)) {
    const bias = add.inputs.find((operand) => operand !== value);
    if (
      bias &&
      isConstant(bias) &&
      sizeOf(bias.shape) === columns &&
      bias.shape.at(-1) === columns &&
      sameShape(add.outputs[0].shape, value.shape)
    ) {
      return { product, bias, result: add.outputs[0] };
    }
  }
  return { product, bias: null, result: value };
}

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

function concatenate(build: GraphBuilder, values: readonly Value[], axis: number): Value {
  return build.op('Concat', values, { axis });
}

function biasOf(build: GraphBuilder, { bias, product }: Branch): Value {
  const columns = columnsOf(product);
  if (bias) return build.reshape(bias, [columns]);
  return build.hostConstant([columns], 'float32', new Float32Array(columns));
}

/** Queries, keys and values of an attention; gates and values of a gated unit read by kernels. */
export const widenDense: FusionRule = {
  name: 'widen-dense',
  equation: 'x · a + c, x · b + d ⇒ parts of x · [a b] + [c d]',
  match: op('BatchMatMul', [any('x'), constant('weights')]),
  check(match) {
    const found = branches(match);
    if (found.length < 2 || !found.some(({ product }) => product === match.root)) {
      return '';
    }
    const columns = found.reduce((sum, { product }) => sum + columnsOf(product), 0);
    return columns > MAX_COLUMNS ? `${columns} columns together are too many` : null;
  },
  rewrite(match, build) {
    const found = branches(match);
    build.origins = found.flatMap(({ product }) => product.origins);
    const { attrs, inputs } = match.root;
    const rank = inputs[1].shape.length;
    const weights = concatenate(
      build,
      found.map(({ product }) => product.inputs[1]),
      attrs.transposeB ? rank - 2 : rank - 1,
    );
    let joint = build.op('BatchMatMul', [match.value('x'), weights], attrs);
    if (found.some(({ bias }) => bias)) {
      const biases = found.map((branch) => biasOf(build, branch));
      joint = build.op('Add', [joint, concatenate(build, biases, 0)]);
    }
    let begin = 0;
    return found.map(({ product, result }): Replacement => {
      const start = result.shape.map((_, axis) => (axis === rank - 1 ? begin : 0));
      begin += columnsOf(product);
      return [result, build.slice(joint, start, result.shape)];
    });
  },
};
