/** Elementwise kernels, and expressions of them. */
import { roundToType, type Expr, type ScalarOp } from '../../ir/expression';
import { sizeOf, type Attrs, type DType } from '../../ir/graph';
import type { Doubles, PrimitiveEvaluator } from './evaluator';
import { broadcastPositions } from './indexing';
import type { Precision } from './precision';

/** One result of an op, stored as `type`: integers wrap whatever the precision is. */
function compute(
  op: ScalarOp,
  args: readonly number[],
  types: readonly DType[],
  attrs: Attrs,
  type: DType,
  precision: Precision,
): number {
  const exact = op.compute(args, types, attrs);
  return type === 'float32' ? precision.round(op.kernel, args, exact) : roundToType(exact, type);
}

export function elementwise(op: ScalarOp): PrimitiveEvaluator {
  return ({ inputs: values, outputs: [out], attrs }, inputs, precision) => {
    const types = values.map(({ dtype }) => dtype);
    const positions = values.map(({ shape }) => broadcastPositions(shape, out.shape));
    const result = new Float64Array(sizeOf(out.shape));
    const args = new Array<number>(inputs.length);
    for (let i = 0; i < result.length; i++) {
      for (let k = 0; k < args.length; k++) args[k] = inputs[k][positions[k]?.[i] ?? i];
      result[i] = compute(op, args, types, attrs, out.dtype, precision);
    }
    return result;
  };
}

/** A function of an expression's slots. */
export function compileExpression(
  expr: Expr,
  precision: Precision,
): (slot: (index: number) => number) => number {
  const order: Expr[] = [];
  const numbers = new Map<Expr, number>();
  const visit = (node: Expr): void => {
    if (numbers.has(node)) return;
    if (node.kind === 'apply') node.args.forEach(visit);
    numbers.set(node, order.length);
    order.push(node);
  };
  visit(expr);
  const steps = order.map((node) =>
    node.kind === 'apply'
      ? {
          node,
          args: node.args.map((arg) => numbers.get(arg) as number),
          types: node.args.map(({ type }) => type),
        }
      : { node, args: [], types: [] },
  );
  const results: Doubles = new Float64Array(steps.length);
  return (slot) => {
    steps.forEach(({ node, args, types }, at) => {
      if (node.kind === 'constant') results[at] = node.value;
      else if (node.kind === 'input') results[at] = slot(node.index);
      else {
        const operands = args.map((arg) => results[arg]);
        results[at] = compute(node.op, operands, types, node.attrs, node.type, precision);
      }
    });
    return results[steps.length - 1];
  };
}
