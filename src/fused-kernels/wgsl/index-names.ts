/**
 * What the integers of index arithmetic are called in a shader: by the variable that they belong to.
 * Numbered ones (`row0`, `row1`, …) are neighbours, whose strides, divisors and extents are the same.
 */
import type { Atom, IndexExpr } from '../../ir/index-expression';
import { variablesOf } from '../../ir/index-expression';

/** What an expression is about: the first of its variables, or a quotient or remainder of it. */
function subjectOf({ terms }: Pick<IndexExpr, 'terms'>): string {
  return terms.length > 0 ? nameOf(terms[0].atom) : 'index';
}

function nameOf(atom: Atom): string {
  switch (atom.kind) {
    case 'variable':
      return atom.name.replace(/\d+$/, '');
    case 'div':
      return `${subjectOf(atom.x)}Quotient`;
    case 'mod':
      return `${subjectOf(atom.x)}Remainder`;
    case 'call': {
      const [subject = 'index'] = variablesOf({ terms: [{ coefficient: 1, atom }] });
      return `${subject.replace(/\d+$/, '')}Mapped`;
    }
  }
}

/** What a term's variable, quotient, remainder or mapped index is multiplied by. */
export function strideOf(atom: Atom): string {
  return `${nameOf(atom)}Stride`;
}

/** What an expression is divided by, for a quotient or a remainder. */
export function divisorOf(dividend: IndexExpr): string {
  return `${subjectOf(dividend)}Divisor`;
}

/** What an index has to stay below. */
export function extentOf(index: IndexExpr): string {
  return `${subjectOf(index)}Extent`;
}
