/** Sums, multiples, quotients and remainders of index expressions, in normal form. */
import {
  type Atom,
  build,
  compareAtoms,
  type IndexExpr,
  isSame,
  isSameAtom,
  quotient,
  soleAtom,
  type Term,
  zero,
} from './expr';

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

/** The terms of two sums in one; those of each are in order, each atom once. */
function mergeTerms(a: readonly Term[], b: readonly Term[]): Term[] {
  const merged: Term[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    const x = a[i];
    const y = b[j];
    const order = compareAtoms(x.atom, y.atom);
    if (order === 0) {
      const coefficient = x.coefficient + y.coefficient;
      if (coefficient !== 0) merged.push({ coefficient, atom: y.atom });
      i++;
      j++;
    } else if (order < 0) {
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
export function combine(terms: readonly Term[], offset: number): IndexExpr {
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
export interface Division {
  /** A multiple of the divisor whatever the variables are. */
  readonly multiple: IndexExpr;
  readonly rest: IndexExpr;
  /** Whether `rest` is below the divisor, and not negative. */
  readonly isWithin: boolean;
  /** `rest` with a factor that it has in common with the divisor taken out. */
  readonly reduced: Reduced | null;
}

export function divide(a: IndexExpr, by: number): Division {
  const { multiple, rest } = splitByDivisor(a, by);
  const isWithin = rest.min >= 0 && rest.max < by;
  return { multiple, rest, isWithin, reduced: isWithin ? null : cancelCommonFactor(rest, by) };
}

export function quotientOf({ multiple, rest, isWithin, reduced }: Division, by: number): IndexExpr {
  const exact = scaleDown(multiple, by);
  if (isWithin) return exact;
  if (reduced) return add(exact, floorDiv(reduced.x, reduced.by));
  const inner = soleAtom(rest);
  if (inner?.kind === 'div') return add(exact, floorDiv(inner.x, inner.by * by));
  const lift = periodsBelowZero(rest, by);
  return shift(add(exact, quotient('div', shift(rest, lift * by), by)), -lift);
}

export function remainderOf({ rest, isWithin, reduced }: Division, by: number): IndexExpr {
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

function gcd(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}
