/** Long reductions to few elements, in two steps: one would keep a fraction of the device busy. */
import { sizeOf, type Node, type Value } from '../../ir/graph';
import { any, oneOf, op } from '../match';
import type { FusionRule } from '../rule';

/** Reductions of reductions of equal parts are the reductions of the whole. */
const KERNELS = ['Sum', 'Mean', 'Max', 'Min', 'Prod', 'All', 'Any'];

/** From this many elements for each result, a second dispatch costs less than one workgroup's loop. */
const MIN_REDUCED = 1 << 16;
/** This many results keep a device busy by themselves. */
const MAX_RESULTS = 64;
const MIN_PARTS = 16;
const MAX_PARTS = 1024;

/** Equal parts that elements are divided into, `length` in all. */
interface EvenParts {
  readonly parts: number;
  readonly length: number;
}

/** The largest number of equal parts that `length` elements can be divided into. */
function partsOf(length: number): number {
  let parts = MAX_PARTS;
  while (length % parts !== 0) parts--;
  return parts;
}

/** Elements for each result, where the reduced axes are the last ones; 0 elsewhere. */
function reducedLength({ inputs: [x], attrs }: Node): number {
  const axes = new Set(attrs.axes as number[]);
  const kept = x.shape.length - axes.size;
  return x.shape.some((_, axis) => axes.has(axis) !== axis >= kept)
    ? 0
    : sizeOf(x.shape.slice(kept));
}

export const splitReduction: FusionRule<EvenParts> = {
  name: 'split-reduction',
  equation: 'Σ x ⇒ Σ Σ of equal parts of x',
  match: oneOf(...KERNELS.map((kernel) => op(kernel, [any('x')]))),
  check({ root }) {
    const length = reducedLength(root);
    if (length < MIN_REDUCED || sizeOf(root.outputs[0].shape) >= MAX_RESULTS) return '';
    const parts = partsOf(length);
    return parts < MIN_PARTS ? `${length} elements have no even parts` : { parts, length };
  },
  rewrite({ root }, build, { parts, length }) {
    const [x] = root.inputs;
    const kept = x.shape.slice(0, x.shape.length - (root.attrs.axes as number[]).length);
    const divided = build.reshape(x, [...kept, parts, length / parts]);
    const reduce = (value: Value, axis: number): Value =>
      build.op(root.kernel, [value], { axes: [axis], keepDims: false });
    const whole = reduce(reduce(divided, kept.length + 1), kept.length);
    return build.reshape(whole, root.outputs[0].shape);
  },
};
