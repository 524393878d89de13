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
  /** In the order of {@link compareAtoms}, each atom once, no coefficient 0. */
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

/** An atom as an expression. */
export function fromAtom(atom: Atom): IndexExpr {
  return new Sum([{ coefficient: 1, atom }], 0, atom.min, atom.max);
}

export function build(terms: readonly Term[], offset: number): IndexExpr {
  let min = offset;
  let max = offset;
  for (const { coefficient, atom } of terms) {
    min += coefficient * (coefficient > 0 ? atom.min : atom.max);
    max += coefficient * (coefficient > 0 ? atom.max : atom.min);
  }
  return new Sum(terms, offset, min, max);
}

export function quotient(kind: 'div' | 'mod', x: IndexExpr, by: number): IndexExpr {
  if (kind === 'mod') return fromAtom(new Quotient(kind, x, by, 0, by - 1));
  const min = Math.floor(x.min / by);
  const max = Math.floor(x.max / by);
  return min === max ? constant(min) : fromAtom(new Quotient(kind, x, by, min, max));
}

export function soleAtom(a: IndexExpr): Atom | null {
  return a.terms.length === 1 && a.offset === 0 && a.terms[0].coefficient === 1
    ? a.terms[0].atom
    : null;
}

/** True if the value is a multiple of `by` whatever the variables are. */
export function isMultipleOf(a: IndexExpr, by: number): boolean {
  return a.offset % by === 0 && a.terms.every(({ coefficient }) => coefficient % by === 0);
}

export function isConstant(a: IndexExpr): boolean {
  return a.terms.length === 0;
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

export function isSameAtom(a: Atom, b: Atom): boolean {
  if (a === b) return true;
  switch (a.kind) {
    case 'div':
    case 'mod':
      return a.kind === b.kind && a.by === b.by && isSame(a.x, b.x);
    default:
      return a.kind === b.kind && a.key === b.key;
  }
}

/**
 * The order of terms: by what atoms are, and by numbers only where all else is the same, so that expressions
 * which differ in sizes are written in one order. 0 for atoms that are the same.
 */
export function compareAtoms(a: Atom, b: Atom): number {
  if (a === b) return 0;
  if (a.kind === 'variable' && b.kind === 'variable') return compare(a.name, b.name);
  if (a.kind === 'call' && b.kind === 'call') return compareCalls(a, b);
  if ((a.kind === 'div' || a.kind === 'mod') && a.kind === b.kind) {
    return compareExprs(a.x, b.x) || a.by - b.by;
  }
  return compare(a.kind, b.kind);
}

function compareCalls(a: CallAtom, b: CallAtom): number {
  for (let i = 0; i < Math.min(a.args.length, b.args.length); i++) {
    const order = compareExprs(a.args[i], b.args[i]);
    if (order !== 0) return order;
  }
  return compare(a.key, b.key);
}

function compareExprs(a: IndexExpr, b: IndexExpr): number {
  if (a === b) return 0;
  const shared = Math.min(a.terms.length, b.terms.length);
  for (let i = 0; i < shared; i++) {
    const order = compareAtoms(a.terms[i].atom, b.terms[i].atom);
    if (order !== 0) return order;
  }
  if (a.terms.length !== b.terms.length) return a.terms.length - b.terms.length;
  for (let i = 0; i < shared; i++) {
    const order = a.terms[i].coefficient - b.terms[i].coefficient;
    if (order !== 0) return order;
  }
  return a.offset - b.offset;
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** A number that is equal for equal lists of expressions, and for few others. */
export function hashOf(list: readonly IndexExpr[]): number {
  let hash = list.length;
  for (const { offset, max, terms } of list) {
    hash = (Math.imul(hash, 31) + 7 * offset + 3 * max + terms.length) | 0;
  }
  return hash;
}
