/** What the integers of index arithmetic are called in a shader: by the variable that they belong to. */
import type { Atom, IndexExpr } from '../../ir/index-expression';
import { variablesOf } from '../../ir/index-expression';

/** The variable that an expression is about: the first of its variables. */
function subjectOf(expr: Pick<IndexExpr, 'terms'>): string {
  const [subject = 'index'] = variablesOf(expr);
  return subject;
}

const SUFFIXES = {
  variable: 'Stride',
  div: 'QuotientStride',
  mod: 'RemainderStride',
  call: 'MappedStride',
} as const;

/** What a term's variable, quotient, remainder or mapped index is multiplied by. */
export function strideOf(atom: Atom): string {
  return `${subjectOf({ terms: [{ coefficient: 1, atom }] })}${SUFFIXES[atom.kind]}`;
}

/** What an expression is divided by, for a quotient or a remainder. */
export function divisorOf(dividend: IndexExpr): string {
  return `${subjectOf(dividend)}Divisor`;
}
