/** What the page of a report is given: what is drawn, with each shader once. */
import type { ModelExplanation, NodeFate, RefusalExplanation } from '../graph-model';
import type { KernelRecord, PlanRecord } from '../report';
import { tellTimes, type ReportedTimes, type TimeData } from './tell-times';

/** A kernel whose shader is in `ReportData.shaders`. */
export type KernelData = Omit<KernelRecord, 'wgsl'> & {
  readonly shader: number;
  /** Milliseconds of a call, where it was timed. */
  readonly ms?: number;
};

/** What is drawn of a plan. */
export type ReportedPlan = Pick<
  PlanRecord,
  'kernels' | 'values' | 'rewrites' | 'rules' | 'memory' | 'dispatches'
>;

/** What is drawn: of a graph model what `explain` tells, of a layers model the same of its flushes. */
export interface Reported extends Pick<
  ModelExplanation,
  'model' | 'dispatches' | 'bytes' | 'nodes' | 'refused'
> {
  readonly regions: readonly { readonly plan?: ReportedPlan }[];
  readonly flushes?: readonly FlushData[];
}

/** Flushes that are alike, told and drawn once. */
export interface FlushData {
  /** `flushes 2, 4–7`, and how many these are. */
  readonly name: string;
  readonly times: number;
  /** How many nodes are theirs, after those of the ones before. */
  readonly nodes: number;
  /** Whether one of the plans is theirs, in the same order. */
  readonly hasPlan: boolean;
}

/** A plan, its kernels without the text of their shaders. */
export type PlanData = Omit<ReportedPlan, 'kernels'> & { readonly kernels: readonly KernelData[] };

export interface ReportData extends Pick<ModelExplanation, 'model' | 'dispatches' | 'bytes'> {
  readonly title: string;
  readonly subtitle: string;
  readonly nodes: readonly NodeFate[];
  readonly plans: readonly PlanData[];
  readonly shaders: readonly string[];
  readonly refused: readonly RefusalExplanation[];
  /** Of what was flushed; none of a graph model. */
  readonly flushes: readonly FlushData[];
  readonly time: TimeData;
}

export function reportData(
  { model, dispatches, bytes, nodes, regions, refused, flushes = [] }: Reported,
  { title, subtitle }: Pick<ReportData, 'title' | 'subtitle'>,
  times: ReportedTimes = {},
): ReportData {
  const shaders = new Map<string, number>();
  const numberOf = (wgsl: string): number => {
    const known = shaders.get(wgsl);
    if (known === undefined) shaders.set(wgsl, shaders.size);
    return known ?? shaders.size - 1;
  };
  const planned = regions.flatMap(({ plan }) => plan ?? []);
  const repeats = flushes.filter(({ hasPlan }) => hasPlan).map((each) => each.times);
  const { time, dispatches: ms } = tellTimes(planned, repeats, times);
  const plans = planned.map((plan, p) => ({
    ...plan,
    kernels: plan.kernels.map(({ wgsl, ...kernel }, at) => ({
      ...kernel,
      shader: numberOf(wgsl),
      ...(ms ? { ms: ms[p][at] } : {}),
    })),
  }));
  return {
    ...{ title, subtitle, model, dispatches, bytes, nodes, plans, refused, flushes, time },
    shaders: [...shaders.keys()],
  };
}
