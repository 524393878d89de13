/** Kernels that combine the elements of axes, and softmax. */
import type { GraphBuilder } from '../ir/builder';
import type { Value } from '../ir/graph';
import { demand } from '../ir/infer/refused';
import { normalizeAxes, normalizeAxis } from '../ir/infer/shape';
import { lowering, type AxisAttrs } from './lowering';

interface ReductionAttrs {
  /** All axes if absent. */
  readonly axis?: number | readonly number[] | null;
  readonly keepDims?: boolean;
}

/** Kernels that count bools as integers. */
const COUNTS_BOOLS: ReadonlySet<string> = new Set(['Sum', 'Prod', 'Cumsum', 'Cumprod']);

function counted(b: GraphBuilder, kernel: string, x: Value): Value {
  return COUNTS_BOOLS.has(kernel) && x.dtype === 'bool' ? b.cast(x, 'int32') : x;
}

/** The largest of truth values is whether any is true, the smallest whether all are. */
const OF_BOOLS: Readonly<Record<string, string>> = { Max: 'Any', Min: 'All' };

function reduce(kernel: string) {
  return lowering(['x'], (b, [x], { axis, keepDims = false }: ReductionAttrs) => {
    const axes = normalizeAxes(axis == null ? undefined : [axis].flat(), x.shape.length);
    const combining = x.dtype === 'bool' ? (OF_BOOLS[kernel] ?? kernel) : kernel;
    return b.op(combining, [counted(b, kernel, x)], { axes, keepDims });
  });
}

interface RunningAttrs extends AxisAttrs {
  readonly exclusive?: boolean;
  readonly reverse?: boolean;
}

function running(kernel: string) {
  return lowering(['x'], (b, [input], { axis: wanted, exclusive, reverse }: RunningAttrs) => {
    const x = counted(b, kernel, input);
    const axis = normalizeAxis(wanted, x.shape.length);
    // One element: what there is so far is itself.
    if (x.shape[axis] === 1 && !exclusive) return x;
    return b.op(kernel, [x], { axis, exclusive: exclusive ?? false, reverse: reverse ?? false });
  });
}

function argExtreme(kernel: string) {
  return lowering(['x'], (b, [x], attrs: { axis: number | readonly number[] }) => {
    const [axis] = [attrs.axis].flat();
    return b.op(kernel, [x], { axis: normalizeAxis(axis, x.shape.length) });
  });
}

function softmax(kernel: string, axisName: 'dim' | 'axis') {
  return lowering(['logits'], (b, [logits], attrs: { dim?: number; axis?: number }) => {
    const { [axisName]: axis = -1 } = attrs;
    const rank = logits.shape.length;
    demand(
      rank > 0 && normalizeAxis(axis, rank) === rank - 1,
      () => `axis ${axis} is not the last`,
    );
    return b.op(kernel, [logits]);
  });
}

export const reductionLowerings = {
  Sum: reduce('Sum'),
  Mean: reduce('Mean'),
  Max: reduce('Max'),
  Min: reduce('Min'),
  Prod: reduce('Prod'),
  All: reduce('All'),
  Any: reduce('Any'),
  Cumsum: running('Cumsum'),
  Cumprod: running('Cumprod'),
  ArgMax: argExtreme('ArgMax'),
  ArgMin: argExtreme('ArgMin'),
  Softmax: softmax('Softmax', 'dim'),
  LogSoftmax: softmax('LogSoftmax', 'axis'),
};
