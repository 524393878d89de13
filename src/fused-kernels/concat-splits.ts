/**
 * Where a loop over an axis is divided, so that a kernel that computes a concatenation inside its
 * loads reads one part at a time. Each part then has a loop of its own, with no choice per element.
 */
import { scalarOp } from '../ir/expression';
import type { Value } from '../ir/graph';

/**
 * Positions along `axis` of `value`, ascending, at which the parts of concatenations meet that are
 * not stored; empty where there is none.
 */
export function concatSplits(
  value: Value,
  axis: number,
  isStored: (value: Value) => boolean,
): readonly number[] {
  const found = new Set<number>();
  collect(value, axis, 0, isStored, found);
  return [...found].sort((a, b) => a - b);
}

function collect(
  value: Value,
  axis: number,
  begin: number,
  isStored: (value: Value) => boolean,
  found: Set<number>,
): void {
  const { producer } = value;
  if (!producer || isStored(value)) return;
  if (scalarOp(producer.kernel)) {
    for (const input of producer.inputs) {
      const at = axis - value.shape.length + input.shape.length;
      if (at >= 0 && input.shape[at] > 1) collect(input, at, begin, isStored, found);
    }
    return;
  }
  if (producer.kernel !== 'Concat' || producer.attrs.axis !== axis) return;
  let start = begin;
  for (const part of producer.inputs) {
    if (start > begin) found.add(start);
    collect(part, axis, start, isStored, found);
    start += part.shape[axis];
  }
}
