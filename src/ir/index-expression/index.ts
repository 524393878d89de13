/** Index expressions: coordinates and offsets as symbols. */
export {
  type Atom,
  type VariableAtom,
  type QuotientAtom,
  type CallAtom,
  type Term,
  type IndexExpr,
  zero,
  constant,
  variable,
  call,
  fromAtom,
  isMultipleOf,
  isConstant,
  areSame,
  isSame,
  hashOf,
} from './expr';
export { add, subtract, shift, scale, floorDiv, mod, scaleDown } from './arithmetic';
export { substitute, variablesOf, mentions, widen, withoutTerm, evaluate } from './variables';
export { linearize, delinearize } from './layout';
