/** Row-major order: coordinates to offsets, and back. */
import { combine, divide, quotientOf, remainderOf } from './arithmetic';
import { compareAtoms, type IndexExpr, type Term, zero } from './expr';

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
  while (at > 0 && compareAtoms(terms[at - 1].atom, atom) > 0) at--;
  const coefficient = term.coefficient * factor;
  const before = at > 0 ? terms[at - 1] : undefined;
  if (before && compareAtoms(before.atom, atom) === 0) {
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
