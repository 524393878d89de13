/** Four neighbours at a time: coordinates that mention the variable `lane`, 0 to 3, stand for them. */
import type { IndexExpr } from '../../ir/index-expression';
import * as ix from '../../ir/index-expression';

export const LANE = 'lane';
export const laneVariable = ix.variable(LANE, 4);

/** Elements from one lane to the next, where that is the same for all; null elsewhere. */
export function laneStride(offset: IndexExpr): number | null {
  const lane = offset.terms.find(({ atom }) => atom.key === LANE);
  if (!lane) return null;
  const rest = ix.withoutTerm(offset, lane);
  return ix.mentions(rest, LANE) ? null : lane.coefficient;
}

/** `offset / 4` where lanes are consecutive and aligned: what a vec4 access needs. */
export function vectorOffset(offset: IndexExpr): IndexExpr | null {
  const lane = offset.terms.find(({ atom }) => atom.key === LANE);
  if (lane?.coefficient !== 1) return null;
  const rest = ix.withoutTerm(offset, lane);
  if (ix.mentions(rest, LANE) || !ix.isMultipleOf(rest, 4)) return null;
  return ix.scaleDown(rest, 4);
}
