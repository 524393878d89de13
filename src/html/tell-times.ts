/** Times of a call's kernels, put to the dispatches and nodes of a report. */
import type { KernelTime, KernelTimes } from './time-kernels';

/** What `timeKernels` told of both sides. */
export interface ReportedTimes {
  readonly fused?: KernelTimes;
  readonly stock?: KernelTimes;
}

/** What is drawn of times, besides those of dispatches; milliseconds of a call. */
export interface TimeData {
  /** Why there are none. */
  readonly missing?: string;
  /** Why stock's are not beside them. */
  readonly stockMissing?: string;
  readonly fused?: number;
  readonly stock?: number;
  /** By stock, of the nodes that it ran kernels for. */
  readonly stockNodes: Readonly<Record<string, number>>;
  /** Kernels that tfjs ran itself beside the fused ones. */
  readonly left: readonly KernelTime[];
  readonly calls: number;
}

const NOT_TIMED =
  'Not timed. In an app, pass what timeKernels() of the same subpath tells; explain --html does it with --time.';

const DIFFERENT = 'What was timed is not what this report shows: time the calls that it is of.';

/** Of a plan, what its dispatches are called. */
interface LabelledPlan {
  readonly kernels: readonly { readonly label: string }[];
}

interface ToldTimes {
  readonly time: TimeData;
  /** Of each plan's dispatches. */
  readonly dispatches?: readonly (readonly number[])[];
}

/** @param repeats how often each plan ran in a call, where not once. */
export function tellTimes(
  plans: readonly LabelledPlan[],
  repeats: readonly number[],
  { fused, stock }: ReportedTimes,
): ToldTimes {
  const none = { stockNodes: {}, left: [], calls: 0 };
  if (!fused || fused.missing !== undefined) {
    return { time: { ...none, missing: fused?.missing ?? NOT_TIMED } };
  }
  const found = findKernels(plans, repeats, fused.kernels);
  if (!found) return { time: { ...none, missing: DIFFERENT } };
  const sum = ({ kernels }: KernelTimes): number =>
    kernels.reduce((total, { ms }) => total + ms, 0);
  const stockNodes: Record<string, number> = {};
  for (const { node, ms } of stock?.kernels ?? []) {
    if (node !== undefined) stockNodes[node] = (stockNodes[node] ?? 0) + ms;
  }
  const hasStock = stock && stock.missing === undefined;
  return {
    dispatches: found.times,
    time: {
      ...{ stockNodes, left: found.left, calls: fused.calls, fused: sum(fused) },
      ...(hasStock
        ? { stock: sum(stock) }
        : { stockMissing: stock?.missing ?? 'Stock was not timed.' }),
    },
  };
}

/** Dispatches of a plan follow each other; what is between plans, tfjs ran. */
function findKernels(
  plans: readonly LabelledPlan[],
  repeats: readonly number[],
  kernels: readonly KernelTime[],
): { times: number[][]; left: KernelTime[] } | null {
  const times = plans.map((plan) => plan.kernels.map(() => 0));
  const toCome = plans.map((plan, p) => (plan.kernels.length > 0 ? (repeats[p] ?? 1) : 0));
  const left: KernelTime[] = [];
  for (let at = 0; at < kernels.length;) {
    const p = plans.findIndex(
      (plan, each) =>
        toCome[each] > 0 && plan.kernels.every(({ label }, k) => label === kernels[at + k]?.name),
    );
    if (p < 0) {
      left.push(kernels[at++]);
      continue;
    }
    toCome[p]--;
    for (let k = 0; k < times[p].length; k++) times[p][k] += kernels[at++].ms;
  }
  return toCome.every((count) => count === 0) ? { times, left } : null;
}
