/**
 * Expressions of scalar ops: what a kernel computes for one element, as a value that can be evaluated
 * and compared.
 */
import { roundToType, type Attrs, type ScalarOp, type ScalarType } from './scalar-op';

/** A value that the kernel has loaded: its slot among the kernel's inputs. */
export interface InputExpr {
  readonly kind: 'input';
  readonly index: number;
  readonly type: ScalarType;
}

export interface ConstantExpr {
  readonly kind: 'constant';
  /** As stored in a tensor of `type`. */
  readonly value: number;
  readonly type: ScalarType;
}

export interface ApplyExpr {
  readonly kind: 'apply';
  readonly op: ScalarOp;
  readonly args: readonly Expr[];
  readonly attrs: Attrs;
  readonly type: ScalarType;
}

/**
 * What a kernel computes for one element: a directed acyclic graph of scalar ops. Immutable;
 * subexpressions may be shared, and equal ones count once whether they are shared or not.
 */
export type Expr = InputExpr | ConstantExpr | ApplyExpr;

const KINDS: ReadonlySet<unknown> = new Set(['input', 'constant', 'apply']);

/** Tells expressions from the other values of an attribute. */
export function isExpr(value: unknown): value is Expr {
  return typeof value === 'object' && value !== null && 'kind' in value && KINDS.has(value.kind);
}

/** The value in slot `index` of the kernel's inputs. */
export function input(index: number, type: ScalarType): Expr {
  return { kind: 'input', index, type };
}

/** A constant, rounded to its type. */
export function constant(value: number, type: ScalarType): Expr {
  return { kind: 'constant', value: roundToType(value, type), type };
}

/**
 * An op applied to arguments, in the order of the tfjs kernel's inputs. Of constants only, it is
 * computed here: WGSL rejects constant expressions that overflow. Throws where the op has no form
 * for these types; ask `op.resultType` first.
 */
export function apply(op: ScalarOp, args: readonly Expr[], attrs: Attrs = {}): Expr {
  const types = args.map((arg) => arg.type);
  const type = op.resultType(types, attrs);
  if (type === undefined) {
    throw new Error(
      `[webgpu-fused] ${op.kernel}(${types.join(', ')}): no such combination; ask resultType first.`,
    );
  }
  if (args.every((arg) => arg.kind === 'constant')) {
    return constant(
      op.evaluate(
        args.map((arg) => arg.value),
        types,
        attrs,
      ),
      type,
    );
  }
  const used: Record<string, unknown> = {};
  for (const name of op.attrNames) if (name in attrs) used[name] = attrs[name];
  return { kind: 'apply', op, args, attrs: used, type };
}

/** The expression with input i replaced by `replacements[i]`: how a producer joins a consumer. */
export function substitute(expr: Expr, replacements: readonly Expr[]): Expr {
  const done = new Map<Expr, Expr>();
  const visit = (node: Expr): Expr => {
    const known = done.get(node);
    if (known) return known;
    const result = replaceNode(node);
    done.set(node, result);
    return result;
  };
  const replaceNode = (node: Expr): Expr => {
    if (node.kind === 'constant') return node;
    if (node.kind === 'apply') return apply(node.op, node.args.map(visit), node.attrs);
    const replacement = replacements[node.index];
    if (replacement?.type !== node.type) {
      throw new Error(
        `[webgpu-fused] input ${node.index} is ${node.type}, its replacement ` +
          `${replacement?.type ?? 'missing'}; convert it with Cast.`,
      );
    }
    return replacement;
  };
  return visit(expr);
}

/** The value for given inputs, as the tfjs `cpu` kernels would compute it one after another. */
export function evaluate(expr: Expr, inputs: readonly number[]): number {
  const values = new Map<Expr, number>();
  const visit = (node: Expr): number => {
    if (node.kind === 'constant') return node.value;
    if (node.kind === 'input') return roundToType(inputs[node.index], node.type);
    let value = values.get(node);
    if (value === undefined) {
      const types = node.args.map((arg) => arg.type);
      value = node.op.evaluate(node.args.map(visit), types, node.attrs);
      values.set(node, value);
    }
    return value;
  };
  return visit(expr);
}

/** A node of a numbered expression: its arguments are earlier numbers. */
export interface NumberedNode {
  readonly expr: Expr;
  readonly args: readonly number[];
  /** How often later nodes and the outputs refer to it. */
  uses: number;
}

/**
 * The distinct subexpressions in evaluation order, equal ones merged, and the outputs' numbers.
 * `keys[i]` tells node i by its op, attributes and the numbers of its arguments.
 */
export function numberNodes(outputs: readonly Expr[]) {
  const nodes: NumberedNode[] = [];
  const keys: string[] = [];
  const byKey = new Map<string, number>();
  const byIdentity = new Map<Expr, number>();
  const visit = (expr: Expr): number => {
    const known = byIdentity.get(expr);
    if (known !== undefined) return known;
    const args = expr.kind === 'apply' ? expr.args.map(visit) : [];
    const key = nodeKey(expr, args);
    let id = byKey.get(key);
    if (id === undefined) {
      id = nodes.length;
      nodes.push({ expr, args, uses: 0 });
      keys.push(key);
      byKey.set(key, id);
      for (const arg of args) nodes[arg].uses++;
    }
    byIdentity.set(expr, id);
    return id;
  };
  const results = outputs.map(visit);
  for (const id of results) nodes[id].uses++;
  return { nodes, keys, results };
}

function nodeKey(expr: Expr, args: readonly number[]): string {
  switch (expr.kind) {
    case 'input':
      return `in${expr.index}:${expr.type}`;
    case 'constant':
      return `${numberKey(expr.value)}:${expr.type}`;
    case 'apply': {
      const attrs = expr.op.attrNames.map((name) => {
        const value = expr.attrs[name];
        return typeof value === 'number' ? numberKey(value) : String(value);
      });
      return `${[expr.op.kernel, ...attrs].join(' ')}(${args.join(',')})`;
    }
  }
}

/** A number's text; unlike String, it tells -0 from 0. */
export function numberKey(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/**
 * Tells expressions by structure: equal keys mean equal WGSL. Two that differ in structure have
 * different keys, though their WGSL may agree (a Floor of int32 emits nothing).
 */
export function expressionKey(outputs: Expr | readonly Expr[]): string {
  const { keys, results } = numberNodes(toArray(outputs));
  return `${keys.join(';')}>${results.join(',')}`;
}

/** How many distinct ops an expression applies, and what they cost together. */
export function operations(outputs: Expr | readonly Expr[]): { count: number; cost: number } {
  let [count, cost] = [0, 0];
  for (const { expr } of numberNodes(toArray(outputs)).nodes) {
    if (expr.kind !== 'apply') continue;
    count++;
    cost += expr.op.cost;
  }
  return { count, cost };
}

/** The slots that an expression reads, ascending. */
export function inputIndices(outputs: Expr | readonly Expr[]): number[] {
  const { nodes } = numberNodes(toArray(outputs));
  const indices = nodes.flatMap(({ expr }) => (expr.kind === 'input' ? [expr.index] : []));
  return [...new Set(indices)].sort((a, b) => a - b);
}

function toArray(outputs: Expr | readonly Expr[]): readonly Expr[] {
  return 'kind' in outputs ? [outputs] : outputs;
}
