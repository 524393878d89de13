/** Copies that nobody asked for. */
import { sameShape } from '../../ir/graph';
import { any, op } from '../match';
import type { FusionRule } from '../rule';

/**
 * Eager kernels that answer with their operand's elements, as a slice of all of it does, are copies, so that
 * each has a result of its own. Where nobody asks for that, all who read it read the same value.
 */
export const dropCopy: FusionRule = {
  name: 'drop-copy',
  equation: 'copy(x) ⇒ x',
  match: op('Reshape', [any('x')], {
    where: ({ inputs, outputs }) => sameShape(inputs[0].shape, outputs[0].shape),
  }),
  leaks: 'keep',
  check: ({ root, isOutput }) => (isOutput(root.outputs[0]) ? '' : null),
  rewrite: (match) => match.value('x'),
};
