/** Running sums of few long lines, in parts: a line is walked by one invocation. */
import { sizeOf } from '../../ir/graph';
import { any, op } from '../match';
import type { FusionRule } from '../rule';

/** Elements of a part: as many steps cost an invocation about as much as the dispatches for more parts. */
const PART_LENGTH = 128;
/** Lines of fewer parts are walked as they are. */
const MIN_PARTS = 4;
/** Invocations of a workgroup, each of which has a line. */
const LINES_OF_A_WORKGROUP = 64;

/**
 * Sums only: of products, a part may overflow where those in front of it have become 0. Where one of
 * the parts that are added is infinite, so is the sum, or NaN, in one order as in the other.
 */
export const splitCumsum: FusionRule = {
  name: 'split-cumsum',
  equation: 'cumsum(x) ⇒ cumsum of each part of x + the sum of the parts in front of it',
  match: op('Cumsum', [any('x')]),
  check({ root: { inputs, attrs }, target }) {
    const [{ shape }] = inputs;
    const length = shape[attrs.axis as number];
    const lines = sizeOf(shape) / length;
    return attrs.partLength !== undefined ||
      length < MIN_PARTS * PART_LENGTH ||
      Math.ceil(lines / LINES_OF_A_WORKGROUP) >= target.busyWorkgroups
      ? ''
      : null;
  },
  rewrite({ root: { inputs, attrs } }, build) {
    const [x] = inputs;
    const axis = attrs.axis as number;
    const parts = Math.ceil(x.shape[axis] / PART_LENGTH);
    /** The shape of x with other dimensions in the place of the axis. */
    const along = (...dims: number[]) => [
      ...x.shape.slice(0, axis),
      ...dims,
      ...x.shape.slice(axis + 1),
    ];
    const missing = parts * PART_LENGTH - x.shape[axis];
    const paddings = x.shape.map((_, at) => [0, at === axis ? missing : 0]);
    const padded = build.op('PadV2', [x], { paddings, constantValue: 0 });
    const divided = build.reshape(padded, along(parts, PART_LENGTH));
    const sums = build.op('Sum', [divided], { axes: [axis + 1], keepDims: false });
    const inFront = build.op('Cumsum', [sums], { ...attrs, exclusive: true });
    const spread = build.broadcastTo(
      build.reshape(inFront, along(parts, 1)),
      along(parts, PART_LENGTH),
    );
    const base = build.slice(
      build.reshape(spread, padded.shape),
      x.shape.map(() => 0),
      x.shape,
    );
    const within = build.op('Cumsum', [x], { ...attrs, partLength: PART_LENGTH });
    return build.op('Add', [within, base]);
  },
};
