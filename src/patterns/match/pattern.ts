/**
 * A small language of structural patterns over values: what produced a value, from what.
 *
 * Patterns are written against the data flow, from the result to its operands, and searched with
 * backtracking in continuation-passing style: `next` is what remains to be matched, so that a
 * choice (a commutative order, an alternative) is revised when something later does not fit. The
 * shape follows TVM Relax's pattern language; legality is a rule's `check`, not the pattern's.
 */
import { isConstant } from '../../ir/constant-part';
import type { Node, Value } from '../../ir/graph';
import { sizeOf } from '../../ir/graph';
import { isPrimitive, primitives } from '../../ir/infer';
import { nearestName } from './nearest-name';

/** What a search has found so far: captured values, and nodes that the pattern names. */
export interface Bindings {
  readonly values: Map<string, Value>;
  readonly nodes: Node[];
}

/** Matches a value. */
export interface Pattern {
  /** Kernels that may produce the value; null if anything may. */
  readonly kernels: ReadonlySet<string> | null;
  /** Calls `next` for each way in which `value` fits, until it answers true. */
  match(value: Value, found: Bindings, next: () => boolean): boolean;
}

/** Options of {@link op}. */
export interface OpOptions {
  /** Captures the output under this name. */
  readonly as?: string;
  /** A condition on the invocation, beside its kernel and operands. */
  readonly where?: (node: Node) => boolean;
}

/** Kernels whose two operands may be swapped. */
const COMMUTATIVE: ReadonlySet<string> = new Set([
  ...['Add', 'Multiply', 'Maximum', 'Minimum', 'SquaredDifference'],
  ...['Equal', 'NotEqual', 'LogicalAnd', 'LogicalOr'],
]);

/** Binds `name`, or demands the same value where it is bound already. */
function capture(
  name: string | undefined,
  value: Value,
  found: Bindings,
  next: () => boolean,
): boolean {
  if (name === undefined) return next();
  const known = found.values.get(name);
  if (known) return known === value && next();
  found.values.set(name, value);
  if (next()) return true;
  found.values.delete(name);
  return false;
}

/** Whether something is a pattern. */
export function isPattern(value: unknown): value is Pattern {
  const given = value as Partial<Pattern> | null | undefined;
  return typeof given?.match === 'function' && given.kernels !== undefined;
}

/** @throws Error if one of the operands of a pattern is none itself. */
function checkPatterns(what: string, patterns: readonly unknown[]): void {
  const wrong = Array.isArray(patterns) ? patterns.findIndex((one) => !isPattern(one)) : 0;
  if (wrong < 0) return;
  const got = Array.isArray(patterns)
    ? `${JSON.stringify(patterns[wrong])} for operand ${wrong}`
    : JSON.stringify(patterns);
  throw new Error(
    `[webgpu-fused] pattern.${what}: got ${got}; needs a list of patterns. Use pattern.any('x') ` +
      'for what may be anything.',
  );
}

/** @throws Error if graphs have no kernel of this name. */
function checkKernel(kernel: unknown): void {
  if (typeof kernel === 'string' && isPrimitive(kernel)) return;
  const near = typeof kernel === 'string' ? nearestName(kernel, primitives()) : undefined;
  throw new Error(
    `[webgpu-fused] pattern.op: got ${typeof kernel === 'string' ? `'${kernel}'` : String(kernel)}; ` +
      'needs a kernel that graphs are made of. ' +
      (near ? `Did you mean '${near}'?` : 'See "Adding a fusion" for their names.'),
  );
}

function leaf(name: string | undefined, fits: (value: Value) => boolean): Pattern {
  return {
    kernels: null,
    match: (value, found, next) => fits(value) && capture(name, value, found, next),
  };
}

/** Any value. The same name twice means the same value twice. */
export function any(name?: string): Pattern {
  return leaf(name, () => true);
}

/** A constant of any shape, or what is computed from constants alone: a weight, as a rule. */
export function constant(name?: string): Pattern {
  return leaf(name, isConstant);
}

/** A value of one element, constant or not. */
export function single(name?: string): Pattern {
  return leaf(name, ({ shape }) => sizeOf(shape) === 1);
}

/** A one-element constant that the host knows and that passes `test`. */
export function scalar(name?: string, test: (x: number) => boolean = () => true): Pattern {
  return leaf(name, (value) => {
    const x = scalarValue(value);
    return x !== undefined && test(x);
  });
}

/** A one-element constant of just this number; 0 and −0 differ. */
export function exactly(wanted: number): Pattern {
  return scalar(undefined, (x) => Object.is(x, wanted));
}

/** A one-element constant near `wanted`: within float32 rounding of what an exporter computed. */
export function near(wanted: number, tolerance = 1e-5): Pattern {
  return scalar(undefined, (x) => Math.abs(x - wanted) <= tolerance * Math.abs(wanted));
}

/** The number of a one-element constant, where the host knows it. */
export function scalarValue(value: Value): number | undefined {
  return sizeOf(value.shape) === 1 ? value.constant?.host?.[0] : undefined;
}

/**
 * An invocation of a kernel (or one of several) whose first operands match `operands`; operands of
 * commutative kernels match in either order.
 *
 * @throws Error if graphs have no such kernel, or an operand is no pattern.
 * @example op('Relu', [op('Add', [any('x'), constant('bias')])])
 */
export function op(
  kernel: string | readonly string[],
  operands: readonly Pattern[] = [],
  options: OpOptions = {},
): Pattern {
  const names = typeof kernel === 'string' ? [kernel] : kernel;
  for (const name of Array.isArray(names) ? names : [names]) checkKernel(name);
  checkPatterns('op', operands);
  const kernels = new Set(names);
  return {
    kernels,
    match(value, found, next) {
      const node = value.producer;
      if (!node || !kernels.has(node.kernel) || node.inputs.length < operands.length) return false;
      const { inputs } = node;
      const maySwap =
        operands.length === 2 && inputs[0] !== inputs[1] && COMMUTATIVE.has(node.kernel);
      const mayFit = operands.every((operand, at) => isMadeFor(operand, inputs[at]));
      const mayFitSwapped =
        maySwap && isMadeFor(operands[0], inputs[1]) && isMadeFor(operands[1], inputs[0]);
      // Most invocations differ from most patterns here already.
      if (!mayFit && !mayFitSwapped) return false;
      if (options.where && !options.where(node)) return false;
      found.nodes.push(node);
      const rest = (): boolean => capture(options.as, value, found, next);
      if (mayFit && matchOperands(inputs, operands, found, rest)) return true;
      if (mayFitSwapped && matchOperands([inputs[1], inputs[0]], operands, found, rest)) {
        return true;
      }
      found.nodes.pop();
      return false;
    },
  };
}

/** Whether a value is made by a kernel that a pattern begins with. */
function isMadeFor({ kernels }: Pattern, { producer }: Value): boolean {
  return kernels === null || (producer !== undefined && kernels.has(producer.kernel));
}

function matchOperands(
  inputs: readonly Value[],
  operands: readonly Pattern[],
  found: Bindings,
  next: () => boolean,
  at = 0,
): boolean {
  if (at === operands.length) return next();
  return operands[at].match(inputs[at], found, () =>
    matchOperands(inputs, operands, found, next, at + 1),
  );
}

/** `inner`, with its value captured under `name`. */
export function named(name: string, inner: Pattern): Pattern {
  checkPatterns('named', [inner]);
  return {
    kernels: inner.kernels,
    match: (value, found, next) =>
      inner.match(value, found, () => capture(name, value, found, next)),
  };
}

/** The first of several patterns that fits; all are tried. */
export function oneOf(...patterns: readonly Pattern[]): Pattern {
  checkPatterns('oneOf', patterns);
  const open = patterns.some((pattern) => pattern.kernels === null);
  return {
    kernels: open ? null : new Set(patterns.flatMap(({ kernels }) => [...(kernels ?? [])])),
    match: (value, found, next) => patterns.some((pattern) => pattern.match(value, found, next)),
  };
}

/** `inner`, or one of the unary `kernels` applied to it. */
export function optional(kernels: string | readonly string[], inner: Pattern): Pattern {
  return oneOf(op(kernels, [inner]), inner);
}

/** `inner` below any number of the unary `kernels`: reshapes that an exporter left in between. */
export function below(kernels: string | readonly string[], inner: Pattern): Pattern {
  checkPatterns('below', [inner]);
  const self: Pattern = {
    kernels: null,
    match: (value, found, next) =>
      inner.match(value, found, next) || op(kernels, [self]).match(value, found, next),
  };
  return self;
}
