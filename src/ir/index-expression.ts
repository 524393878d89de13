/**
 * Symbolic integer expressions for tensor coordinates and buffer offsets.
 *
 * Every expression is kept in affine normal form, `offset + Σ coefficient · atom`, with interval
 * bounds, so that reshapes, transposes and slices cancel algebraically instead of at run time.
 * Division and modulo are floor division by a positive constant, as in Halide's and TVM's
 * simplifiers.
 */

/** A leaf or an operation that the affine form cannot look into. */
export type Atom = VariableAtom | QuotientAtom | CallAtom;

interface AtomBase {
  /** Structural identity: equal keys are equal values. */
  readonly key: string;
  readonly min: number;
  readonly max: number;
}

/** A loop or thread variable in `[0, extent)`; its name is its WGSL identifier. */
export interface VariableAtom extends AtomBase {
  readonly kind: 'variable';
  readonly name: string;
}

/** `x div by` or `x mod by`. */
export interface QuotientAtom extends AtomBase {
  readonly kind: 'div' | 'mod';
  readonly x: IndexExpr;
  readonly by: number;
}

/** Something only the code generator understands (an index loaded from a tensor, a resize). */
export interface CallAtom extends AtomBase {
  readonly kind: 'call';
  readonly args: readonly IndexExpr[];
  readonly payload: unknown;
}

export interface Term {
  readonly coefficient: number;
  readonly atom: Atom;
}

export interface IndexExpr {
  /** In the order of their atoms' keys, each key once, no coefficient 0. */
  readonly terms: readonly Term[];
  readonly offset: number;
  readonly min: number;
  readonly max: number;
  readonly key: string;
}

/** Most sums are on the way to another one, and nobody asks for their keys: those are made when asked for. */
class Sum implements IndexExpr {
  private written: string | undefined;

  constructor(
    readonly terms: readonly Term[],
    readonly offset: number,
    readonly min: number,
    readonly max: number,
  ) {}

  get key(): string {
    return (this.written ??= sumKey(this.terms, this.offset));
  }
}

function sumKey(terms: readonly Term[], offset: number): string {
  if (terms.length === 0) return String(offset);
  let key = '';
  for (const { coefficient, atom } of terms) {
    if (key !== '') key += '+';
    key += coefficient === 1 ? atom.key : `${coefficient}*${atom.key}`;
  }
  if (offset !== 0) return `(${key}+${offset})`;
  return terms.length === 1 ? key : `(${key})`;
}

/** A quotient or a remainder, whose key is made when asked for, too. */
class Quotient implements QuotientAtom {
  private written: string | undefined;

  constructor(
    readonly kind: 'div' | 'mod',
    readonly x: IndexExpr,
    readonly by: number,
    readonly min: number,
    readonly max: number,
  ) {}

  get key(): string {
    return (this.written ??= `(${this.x.key}${this.kind === 'div' ? '/' : '%'}${this.by})`);
  }
}

const NO_TERMS: readonly Term[] = [];

export const zero: IndexExpr = constant(0);

export function constant(value: number): IndexExpr {
  return new Sum(NO_TERMS, value, value, value);
}

/** A variable in `[0, extent)`; a variable of extent 1 is the constant 0. */
export function variable(name: string, extent: number): IndexExpr {
  if (extent <= 1) return zero;
  return fromAtom({ kind: 'variable', name, key: name, min: 0, max: extent - 1 });
}

/** An opaque value in `[0, extent)`, computed from `args` in a way only `payload`'s owner knows. */
export function call(
  name: string,
  args: readonly IndexExpr[],
  payload: unknown,
  extent: number,
): IndexExpr {
  if (extent <= 1) return zero;
  const key = `${name}(${args.map((arg) => arg.key).join(',')})`;
  return fromAtom({ kind: 'call', args, payload, key, min: 0, max: extent - 1 });
}

export function add(a: IndexExpr, b: IndexExpr): IndexExpr {
  if (b.terms.length === 0) return shift(a, b.offset);
  if (a.terms.length === 0) return shift(b, a.offset);
  return combine(mergeTerms(a.terms, b.terms), a.offset + b.offset);
}

export function subtract(a: IndexExpr, b: IndexExpr): IndexExpr {
  return add(a, scale(b, -1));
}

export function shift(a: IndexExpr, by: number): IndexExpr {
  return by === 0 ? a : build(a.terms, a.offset + by);
}

export function scale(a: IndexExpr, by: number): IndexExpr {
  if (by === 0) return zero;
  if (by === 1) return a;
  return build(
    a.terms.map(({ coefficient, atom }) => ({ coefficient: coefficient * by, atom })),
    a.offset === 0 ? 0 : a.offset * by,
  );
}

/** `floor(a / by)`, `by > 0`. */
export function floorDiv(a: IndexExpr, by: number): IndexExpr {
  return by === 1 ? a : quotientOf(divide(a, by), by);
}

/** `a - by · floor(a / by)`, `by > 0`. */
export function mod(a: IndexExpr, by: number): IndexExpr {
  return by === 1 ? zero : remainderOf(divide(a, by), by);
}

/** Replaces variables by expressions and simplifies again. */
export function substitute(a: IndexExpr, env: ReadonlyMap<string, IndexExpr>): IndexExpr {
  if (!a.terms.some(({ atom }) => isReplaced(atom, env))) return a;
  const [kept, replaced]: [Term[], Term[]] = [[], []];
  for (const term of a.terms) (isReplaced(term.atom, env) ? replaced : kept).push(term);
  // Numbers are added up at once: of a lane, as a rule, which is all that is replaced.
  let { offset } = a;
  const sums: IndexExpr[] = [];
  for (const { coefficient, atom } of replaced) {
    const value = substituteAtom(atom, env);
    if (value.terms.length === 0) offset += coefficient * value.offset;
    else sums.push(scale(value, coefficient));
  }
  return sums.reduce(add, build(kept, offset));
}

function isReplaced(atom: Atom, env: ReadonlyMap<string, IndexExpr>): boolean {
  for (const name of env.keys()) if (mentionsIn(atom, name)) return true;
  return false;
}

/** Evaluates with concrete variables; `callValue` answers opaque calls. */
export function evaluate(
  a: IndexExpr,
  env: Readonly<Record<string, number>>,
  callValue?: (atom: CallAtom, args: number[]) => number,
): number {
  let sum = a.offset;
  for (const { coefficient, atom } of a.terms) {
    sum += coefficient * evaluateAtom(atom, env, callValue);
  }
  return sum;
}

/** Names of all variables an expression depends on, also through calls. */
export function variablesOf(
  a: Pick<IndexExpr, 'terms'>,
  into: Set<string> = new Set(),
): Set<string> {
  for (const { atom } of a.terms) {
    if (atom.kind === 'variable') into.add(atom.name);
    else if (atom.kind === 'call') for (const arg of atom.args) variablesOf(arg, into);
    else variablesOf(atom.x, into);
  }
  return into;
}

/** Whether an expression depends on a variable, also through calls. */
export function mentions(a: Pick<IndexExpr, 'terms'>, name: string): boolean {
  for (const { atom } of a.terms) if (mentionsIn(atom, name)) return true;
  return false;
}

function mentionsIn(atom: Atom, name: string): boolean {
  switch (atom.kind) {
    case 'variable':
      return atom.name === name;
    case 'call':
      return atom.args.some((arg) => mentions(arg, name));
    default:
      return mentions(atom.x, name);
  }
}

/** `a`, its variables but `except` being in `[0, extent)` at least: what is written of it is right for more. */
export function widen(a: IndexExpr, extent: number, except: string): IndexExpr {
  const wider = (atom: Atom): Atom =>
    atom.kind === 'variable' && atom.name !== except && atom.max < extent - 1
      ? { ...atom, max: extent - 1 }
      : atom;
  return build(
    a.terms.map(({ coefficient, atom }) => ({ coefficient, atom: wider(atom) })),
    a.offset,
  );
}

/** `a` less one of its terms. */
export function withoutTerm(a: IndexExpr, term: Term): IndexExpr {
  return build(
    a.terms.filter((other) => other !== term),
    a.offset,
  );
}

/** Whether two lists of expressions are the same in normal form; no key is made for it. */
export function areSame(a: readonly IndexExpr[], b: readonly IndexExpr[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!isSame(a[i], b[i])) return false;
  return true;
}

/** Whether two expressions are the same in normal form. */
export function isSame(a: IndexExpr, b: IndexExpr): boolean {
  if (a === b) return true;
  const { terms } = a;
  if (a.offset !== b.offset || terms.length !== b.terms.length) return false;
  for (let i = 0; i < terms.length; i++) {
    const [x, y] = [terms[i], b.terms[i]];
    if (x.coefficient !== y.coefficient || !isSameAtom(x.atom, y.atom)) return false;
  }
  return true;
}

function isSameAtom(a: Atom, b: Atom): boolean {
  if (a === b) return true;
  switch (a.kind) {
    case 'div':
    case 'mod':
      return a.kind === b.kind && a.by === b.by && isSame(a.x, b.x);
    default:
      return a.kind === b.kind && a.key === b.key;
  }
}

/** A number that is equal for equal lists of expressions, and for few others. */
export function hashOf(list: readonly IndexExpr[]): number {
  let hash = list.length;
  for (const { offset, max, terms } of list) {
    hash = (Math.imul(hash, 31) + 7 * offset + 3 * max + terms.length) | 0;
  }
  return hash;
}

/** True if the value is a multiple of `by` whatever the variables are. */
export function isMultipleOf(a: IndexExpr, by: number): boolean {
  return a.offset % by === 0 && a.terms.every(({ coefficient }) => coefficient % by === 0);
}

export function isConstant(a: IndexExpr): boolean {
  return a.terms.length === 0;
}

/** Row-major offset of `coords` in a tensor of `shape`. */
export function linearize(coords: readonly IndexExpr[], shape: readonly number[]): IndexExpr {
  if (shape.length === 1) return coords[0];
  const terms: Term[] = [];
  let offset = 0;
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0 && stride !== 0; axis--) {
    const coord = coords[axis];
    if (coord.offset !== 0) offset += coord.offset * stride;
    for (const term of coord.terms) addTerm(terms, term, stride);
    stride *= shape[axis];
  }
  return combine(terms, offset);
}

/** Adds `factor` times a term to those of a sum, in place. */
function addTerm(terms: Term[], term: Term, factor: number): void {
  const { atom } = term;
  let at = terms.length;
  while (at > 0 && terms[at - 1].atom !== atom && terms[at - 1].atom.key > atom.key) at--;
  const coefficient = term.coefficient * factor;
  const before = at > 0 ? terms[at - 1] : undefined;
  if (before && (before.atom === atom || before.atom.key === atom.key)) {
    const sum = before.coefficient + coefficient;
    if (sum === 0) terms.splice(at - 1, 1);
    else terms[at - 1] = { coefficient: sum, atom };
  } else {
    terms.splice(at, 0, factor === 1 ? term : { coefficient, atom });
  }
}

/** Coordinates of a row-major offset in a tensor of `shape`. */
export function delinearize(offset: IndexExpr, shape: readonly number[]): IndexExpr[] {
  const coords = new Array<IndexExpr>(shape.length);
  let rest = offset;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    // The outermost coordinate needs no modulo: offsets lie inside the tensor.
    const outermost = shape.slice(0, axis).every((dim) => dim === 1);
    if (outermost || shape[axis] === 1) {
      coords[axis] = shape[axis] === 1 ? zero : rest;
      if (outermost) rest = zero;
      continue;
    }
    const division = divide(rest, shape[axis]);
    coords[axis] = remainderOf(division, shape[axis]);
    rest = quotientOf(division, shape[axis]);
  }
  return coords;
}

/** An atom as an expression. */
export function fromAtom(atom: Atom): IndexExpr {
  return new Sum([{ coefficient: 1, atom }], 0, atom.min, atom.max);
}

function build(terms: readonly Term[], offset: number): IndexExpr {
  let min = offset;
  let max = offset;
  for (const { coefficient, atom } of terms) {
    min += coefficient * (coefficient > 0 ? atom.min : atom.max);
    max += coefficient * (coefficient > 0 ? atom.max : atom.min);
  }
  return new Sum(terms, offset, min, max);
}

/** The terms of two sums in one; those of each are in the order of their atoms' keys, each key once. */
function mergeTerms(a: readonly Term[], b: readonly Term[]): Term[] {
  const merged: Term[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    const x = a[i];
    const y = b[j];
    if (x.atom === y.atom || x.atom.key === y.atom.key) {
      const coefficient = x.coefficient + y.coefficient;
      if (coefficient !== 0) merged.push({ coefficient, atom: y.atom });
      i++;
      j++;
    } else if (x.atom.key < y.atom.key) {
      merged.push(x);
      i++;
    } else {
      merged.push(y);
      j++;
    }
  }
  for (; i < a.length; i++) merged.push(a[i]);
  for (; j < b.length; j++) merged.push(b[j]);
  return merged;
}

/** The sum of terms in order, with what quotients of one value come to together. */
function combine(terms: readonly Term[], offset: number): IndexExpr {
  const recombined = recombineQuotients(terms);
  return recombined ? shift(recombined, offset) : build(terms, offset);
}

/** `c·d·(x div d) + c·(x mod d) = c·x`, and the same one level down, `((x div w) mod h)·w + x mod w`. */
function recombineQuotients(terms: readonly Term[]): IndexExpr | null {
  for (const low of terms) {
    if (low.atom.kind !== 'mod') continue;
    const { x, by } = low.atom;
    for (const high of terms) {
      if (high === low || high.coefficient !== low.coefficient * by) continue;
      const whole = joinQuotients(high.atom, x, by);
      if (!whole) continue;
      const others = terms.filter((term) => term !== low && term !== high);
      return add(combine(others, 0), scale(whole, low.coefficient));
    }
  }
  return null;
}

function joinQuotients(high: Atom, x: IndexExpr, by: number): IndexExpr | null {
  const upper = floorDiv(x, by);
  const sole = soleAtom(upper);
  if (sole && isSameAtom(sole, high)) return x;
  if (high.kind === 'mod' && isSame(high.x, upper)) return mod(x, by * high.by);
  return null;
}

/** What the quotient and the remainder of a division have in common: `a = multiple + rest`. */
interface Division {
  /** A multiple of the divisor whatever the variables are. */
  readonly multiple: IndexExpr;
  readonly rest: IndexExpr;
  /** Whether `rest` is below the divisor, and not negative. */
  readonly isWithin: boolean;
  /** `rest` with a factor that it has in common with the divisor taken out. */
  readonly reduced: Reduced | null;
}

function divide(a: IndexExpr, by: number): Division {
  const { multiple, rest } = splitByDivisor(a, by);
  const isWithin = rest.min >= 0 && rest.max < by;
  return { multiple, rest, isWithin, reduced: isWithin ? null : cancelCommonFactor(rest, by) };
}

function quotientOf({ multiple, rest, isWithin, reduced }: Division, by: number): IndexExpr {
  const exact = scaleDown(multiple, by);
  if (isWithin) return exact;
  if (reduced) return add(exact, floorDiv(reduced.x, reduced.by));
  const inner = soleAtom(rest);
  if (inner?.kind === 'div') return add(exact, floorDiv(inner.x, inner.by * by));
  const lift = periodsBelowZero(rest, by);
  return shift(add(exact, quotient('div', shift(rest, lift * by), by)), -lift);
}

function remainderOf({ rest, isWithin, reduced }: Division, by: number): IndexExpr {
  if (isWithin) return rest;
  if (reduced) {
    return add(scale(mod(reduced.x, reduced.by), reduced.factor), reduced.remainder);
  }
  return quotient('mod', shift(rest, periodsBelowZero(rest, by) * by), by);
}

function splitByDivisor(a: IndexExpr, by: number): { multiple: IndexExpr; rest: IndexExpr } {
  const multiples: Term[] = [];
  const others: Term[] = [];
  for (const term of a.terms) (term.coefficient % by === 0 ? multiples : others).push(term);
  const restOffset = ((a.offset % by) + by) % by;
  return {
    multiple: build(multiples, a.offset - restOffset),
    rest: build(others, restOffset),
  };
}

/** `a / by`, of which `a` is a multiple whatever the variables are. */
export function scaleDown(a: IndexExpr, by: number): IndexExpr {
  return combine(
    a.terms.map(({ coefficient, atom }) => ({ coefficient: coefficient / by, atom })),
    a.offset / by,
  );
}

/** `factor · x + remainder`, to be divided by `factor · by`. */
interface Reduced {
  readonly x: IndexExpr;
  readonly by: number;
  readonly factor: number;
  readonly remainder: IndexExpr;
}

/**
 * Writes `x = factor · y + remainder` with `factor` dividing `by` and `0 ≤ remainder < factor`, so
 * that `x div by = y div (by / factor)`.
 */
function cancelCommonFactor(x: IndexExpr, by: number): Reduced | null {
  const factors: number[] = [];
  for (const { coefficient } of x.terms) {
    const factor = gcd(Math.abs(coefficient), by);
    if (factor > 1 && !factors.includes(factor)) factors.push(factor);
  }
  for (const factor of factors.sort((a, b) => b - a)) {
    const large = x.terms.filter(({ coefficient }) => coefficient % factor === 0);
    const small = x.terms.filter(({ coefficient }) => coefficient % factor !== 0);
    const remainder = build(small, x.offset % factor);
    if (remainder.min < 0 || remainder.max >= factor) continue;
    const reduced = scaleDown(build(large, x.offset - (x.offset % factor)), factor);
    return { x: reduced, by: by / factor, factor, remainder };
  }
  return null;
}

/**
 * How many times `by` must be added for `a` not to be negative. WGSL divides towards zero, which is
 * floor division only from zero upwards: so every quotient is kept there.
 */
function periodsBelowZero(a: IndexExpr, by: number): number {
  return Math.max(0, Math.ceil(-a.min / by));
}

function quotient(kind: 'div' | 'mod', x: IndexExpr, by: number): IndexExpr {
  if (kind === 'mod') return fromAtom(new Quotient(kind, x, by, 0, by - 1));
  const min = Math.floor(x.min / by);
  const max = Math.floor(x.max / by);
  return min === max ? constant(min) : fromAtom(new Quotient(kind, x, by, min, max));
}

function soleAtom(a: IndexExpr): Atom | null {
  return a.terms.length === 1 && a.offset === 0 && a.terms[0].coefficient === 1
    ? a.terms[0].atom
    : null;
}

function substituteAtom(atom: Atom, env: ReadonlyMap<string, IndexExpr>): IndexExpr {
  switch (atom.kind) {
    case 'variable':
      return env.get(atom.name) ?? fromAtom(atom);
    case 'div':
      return floorDiv(substitute(atom.x, env), atom.by);
    case 'mod':
      return mod(substitute(atom.x, env), atom.by);
    case 'call': {
      const args = atom.args.map((arg) => substitute(arg, env));
      const name = atom.key.slice(0, atom.key.indexOf('('));
      return call(name, args, atom.payload, atom.max + 1);
    }
  }
}

function evaluateAtom(
  atom: Atom,
  env: Readonly<Record<string, number>>,
  callValue?: (atom: CallAtom, args: number[]) => number,
): number {
  switch (atom.kind) {
    case 'variable': {
      const value = env[atom.name];
      if (value === undefined)
        throw new Error(`[webgpu-fused] index variable ${atom.name} is unbound.`);
      return value;
    }
    case 'div':
      return Math.floor(evaluate(atom.x, env, callValue) / atom.by);
    case 'mod': {
      const x = evaluate(atom.x, env, callValue);
      return x - atom.by * Math.floor(x / atom.by);
    }
    case 'call': {
      if (!callValue)
        throw new Error(`[webgpu-fused] index call ${atom.key} cannot be evaluated here.`);
      return callValue(
        atom,
        atom.args.map((arg) => evaluate(arg, env, callValue)),
      );
    }
  }
}

function gcd(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}
