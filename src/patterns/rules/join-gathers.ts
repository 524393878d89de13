/** Elements that are gathered from one value in parts, and put together: gathered at once. */
import type { Node } from '../../ir/graph';
import { any, op } from '../match';
import type { FusionRule } from '../rule';

/** The axis of a gather's indices that an axis of its result goes along; outside of theirs where it is none. */
function indexAxisOf({ attrs }: Node, axis: number): number {
  return axis - (attrs.axis as number) + (attrs.batchDims as number);
}

function isLike(one: Node, other: Node | undefined): boolean {
  return (
    other?.kernel === one.kernel &&
    other.inputs[0] === one.inputs[0] &&
    other.attrs.axis === one.attrs.axis &&
    other.attrs.batchDims === one.attrs.batchDims
  );
}

/** Boxes of all classes, which were selected class by class. */
export const joinGathers: FusionRule<number> = {
  name: 'join-gathers',
  equation: 'concat(gather(x, i), gather(x, j)) ⇒ gather(x, concat(i, j))',
  match: op('Concat', [op('GatherV2', [any('x'), any('indices')], { as: 'first' })]),
  leaks: 'keep',
  check({ root: { inputs, attrs }, value }) {
    const first = value('first').producer as Node;
    const axis = indexAxisOf(first, attrs.axis as number);
    const isAlong =
      axis >= (first.attrs.batchDims as number) && axis < value('indices').shape.length;
    return isAlong && inputs.every(({ producer }) => isLike(first, producer)) ? axis : '';
  },
  rewrite({ root, value }, build, axis) {
    const indices = root.inputs.map(({ producer }) => (producer as Node).inputs[1]);
    const all = build.op('Concat', indices, { axis });
    const { attrs } = value('first').producer as Node;
    return build.op('GatherV2', [value('x'), all], attrs);
  },
};
