/** Products or convolutions of one operand, side by side, and what joining them takes. */
import type { GraphBuilder } from '../../ir/builder';
import { isConstant } from '../../ir/constant-part';
import { scalarOp } from '../../ir/expression';
import { sameShape, sizeOf, type Node, type Value } from '../../ir/graph';
import type { Match, Replacement } from '../rule';

/** A layer: a product with weights, the bias that follows it, and the activations after that. */
export interface Branch {
  readonly product: Node;
  readonly bias: Value | null;
  readonly activations: readonly Node[];
  /** The value that others read. */
  readonly result: Value;
}

/** Elements of the last axis, which are joined. */
const columnsOf = ({ outputs: [value] }: Node): number => value.shape.at(-1) as number;

/** The one kernel that reads a value, if there is just one and the graph is not asked for it. */
function onlyUse(match: Match, value: Value): Node | null {
  const uses = match.usesOf(value);
  return uses.length === 1 && !match.isOutput(value) ? uses[0] : null;
}

/** The layer that begins with `product`; activations are part of it where `takesActivations`. */
export function branchOf(match: Match, product: Node, takesActivations = false): Branch {
  let [result] = product.outputs;
  const columns = columnsOf(product);
  const add = onlyUse(match, result);
  let bias: Value | null = null;
  if (add?.kernel === 'Add' && sameShape(add.outputs[0].shape, result.shape)) {
    const other = add.inputs.find((operand) => operand !== result);
    if (other && isConstant(other) && sizeOf(other.shape) === columns) {
      bias = other.shape.at(-1) === columns ? other : null;
    }
    if (bias) [result] = add.outputs;
  }
  const activations: Node[] = [];
  while (takesActivations) {
    const use = onlyUse(match, result);
    if (!use || scalarOp(use.kernel)?.arity !== 1) break;
    activations.push(use);
    [result] = use.outputs;
  }
  return { product, bias, activations, result };
}

/**
 * One product in place of several: weights and biases side by side, then activations, which all
 * branches must have in common.
 *
 * @param join makes the product, given weights joined along `axis`.
 */
export function joinBranches(
  build: GraphBuilder,
  branches: readonly Branch[],
  axis: number,
  join: (weights: Value) => Value,
): Replacement[] {
  build.origins = branches.flatMap(({ product, activations }) =>
    [product, ...activations].flatMap(({ origins }) => origins),
  );
  const concatenate = (values: readonly Value[], along: number): Value =>
    build.op('Concat', values, { axis: along });
  let joint = join(
    concatenate(
      branches.map(({ product }) => product.inputs[1]),
      axis,
    ),
  );
  if (branches.some(({ bias }) => bias)) {
    const biases = branches.map(({ bias, product }) => {
      const columns = columnsOf(product);
      if (bias) return build.reshape(bias, [columns]);
      return build.hostConstant([columns], 'float32', new Float32Array(columns));
    });
    joint = build.op('Add', [joint, concatenate(biases, 0)]);
  }
  for (const { kernel, attrs } of branches[0].activations) joint = build.op(kernel, [joint], attrs);
  let begin = 0;
  return branches.map(({ product, result }): Replacement => {
    const start = result.shape.map((_, at, { length }) => (at === length - 1 ? begin : 0));
    begin += columnsOf(product);
    return [result, build.slice(joint, start, result.shape)];
  });
}
