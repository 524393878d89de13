/** Elementwise kernels between matrix products and a value, as one scalar expression. */
import { isConstant } from '../../ir/constant-part';
import { apply, constant, input, scalarOp, type Expr, type ScalarOp } from '../../ir/expression';
import { sizeOf, type Node, type Shape, type Value } from '../../ir/graph';
import { scalarValue } from '../match';
import type { Match } from '../rule';

/** Kernels looked at before a value is taken to be something else. */
const MAX_KERNELS = 64;

/** An operand of the expression, and the matrix shape in which it broadcasts to the result. */
export interface TracedOperand {
  readonly value: Value;
  readonly shape: readonly [rows: number, columns: number];
}

/** An elementwise expression of products, and the operands that it takes besides. */
export interface TracedExpression {
  readonly expr: Expr;
  readonly operands: readonly TracedOperand[];
}

/** What a value is made of: products, private to it, and elementwise kernels after them. */
export interface ProductRegion {
  readonly products: readonly Node[];
  /** Products that somebody else needs as well. */
  readonly leaks: readonly Node[];
  readonly inside: ReadonlySet<Node>;
}

/**
 * Finds the products behind `top` that only it needs, through elementwise kernels and reshapes that
 * keep rows. `consumer` is who may read `top`.
 */
export function findProducts(
  match: Match,
  top: Value,
  consumer: Node,
  isProduct: (node: Node) => boolean,
): ProductRegion {
  const seen = new Set<Node>();
  const stack = [top];
  for (let value = stack.pop(); value && seen.size < MAX_KERNELS; value = stack.pop()) {
    const node = value.producer;
    if (!node || seen.has(node) || isConstant(value)) continue;
    if (sizeOf(value.shape) !== sizeOf(top.shape) || value.shape.at(-1) !== top.shape.at(-1)) {
      continue;
    }
    const ends = isProduct(node);
    if (!ends && node.kernel !== 'Reshape' && !scalarOp(node.kernel)) continue;
    seen.add(node);
    if (!ends) stack.push(...node.inputs);
  }
  const inside = new Set(seen);
  const leaksFrom = ({ outputs: [value] }: Node): boolean =>
    match.isOutput(value) ||
    match.usesOf(value).some((use) => use !== consumer && !inside.has(use));
  for (let before = -1; before !== inside.size;) {
    before = inside.size;
    for (const node of inside) if (node !== consumer && leaksFrom(node)) inside.delete(node);
  }
  const products = [...seen].filter(isProduct);
  return {
    products: products.filter((node) => inside.has(node)),
    leaks: products.filter((node) => !inside.has(node)),
    inside,
  };
}

/** The matrix shape in which an operand broadcasts to `shape`, taken as rows; null if it has none. */
export function asMatrix(operand: Shape, shape: Shape): readonly [number, number] | null {
  const columns = operand.at(-1) ?? 1;
  const rows = sizeOf(operand) / columns;
  if (rows === 1) return [1, columns];
  const lead = operand.slice(0, -1);
  const whole = shape.slice(shape.length - operand.length, -1);
  const isWhole = rows === sizeOf(shape.slice(0, -1)) && lead.every((dim, i) => dim === whole[i]);
  return isWhole ? [rows, columns] : null;
}

/**
 * The expression that makes `top` of a region's products, which are its first inputs; its operands
 * follow from input `firstOperand` on. A reason if it has no such form.
 */
export function traceExpression(
  { inside, products }: ProductRegion,
  top: Value,
  firstOperand: number,
): TracedExpression | string {
  const operands: TracedOperand[] = [];
  const known = new Map<Value, Expr>();
  let refused: string | null = null;

  const leaf = (value: Value, shape: Shape): Expr => {
    const number = scalarValue(value);
    if (number !== undefined) return constant(number, value.dtype);
    const matrix = asMatrix(value.shape, shape);
    if (!matrix) {
      refused = `its operand [${value.shape}] is neither one a row nor one a column of [${shape}]`;
      return constant(0, value.dtype);
    }
    const same = operands.findIndex(
      (operand) => operand.value === value && operand.shape.every((dim, i) => dim === matrix[i]),
    );
    const at = same >= 0 ? same : operands.push({ value, shape: matrix }) - 1;
    return input(firstOperand + at, value.dtype);
  };
  const visit = (value: Value, shape: Shape): Expr => {
    const node = value.producer;
    if (!node || !inside.has(node)) return leaf(value, shape);
    let expr = known.get(value);
    if (!expr) {
      expr = write(node);
      known.set(value, expr);
    }
    return expr;
  };
  const write = (node: Node): Expr => {
    const [output] = node.outputs;
    const product = products.indexOf(node);
    if (product >= 0) return input(product, output.dtype);
    if (node.kernel === 'Reshape') return visit(node.inputs[0], node.inputs[0].shape);
    const args = node.inputs.map((operand) => visit(operand, output.shape));
    return apply(scalarOp(node.kernel) as ScalarOp, args, node.attrs);
  };

  const expr = visit(top, top.shape);
  return refused ?? { expr, operands };
}
