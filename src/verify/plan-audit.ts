/** Watches the plans that are compiled, records the first run of each, and judges it. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Plan } from '../compiler/plan';
import type { Graph } from '../ir/graph';
import type { PlanAuditor, RejectNodes } from '../runtime/plan-auditor';
import type { PlanDevice } from '../runtime/plan-device';
import { findDivergences, type Divergence } from './divergence';
import { recordRun, type PlanRun } from './plan-run';

/** Collects the first runs of plans that are compiled while it watches. */
export class PlanRecorder implements PlanAuditor {
  /** Plans compiled while this watched, and first runs that wait to be judged. */
  readonly runs: PlanRun[] = [];
  /** Plans that have run, known ones included. */
  ranCount = 0;
  private readonly fresh = new Map<Plan, { source: Graph; reject: RejectNodes }>();

  constructor(private readonly device: PlanDevice) {}

  compiled(plan: Plan, source: Graph, reject: RejectNodes): void {
    this.fresh.set(plan, { source, reject });
  }

  ran(plan: Plan, inputs: readonly TensorInfo[], outputs: readonly TensorInfo[]): void {
    this.ranCount++;
    const known = this.fresh.get(plan);
    if (!known) return;
    this.fresh.delete(plan);
    const run = recordRun(this.device, { plan, ...known }, inputs, outputs);
    this.runs.push(run);
    this.onRun(run);
  }

  /** Told about each first run. */
  protected onRun(_run: PlanRun): void {}
}

/** Judges every plan at its first run, and takes what is wrong out of use: `WEBGPU_FUSED_VERIFY`. */
export class StandingAudit extends PlanRecorder {
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly owner: PlanDevice) {
    super(owner);
  }

  /** Resolves when all runs so far are judged. */
  async settled(): Promise<void> {
    for (let last: Promise<void> | undefined; last !== this.last;) {
      last = this.last;
      await last;
    }
  }

  protected override onRun(run: PlanRun): void {
    this.runs.length = 0;
    this.last = this.last.then(() => this.judge(run));
  }

  private async judge(run: PlanRun): Promise<void> {
    try {
      for (const found of await findDivergences(this.owner, run, await run.contents)) {
        reject(run, found);
        console.warn(`${formatDivergence(found)}\n  From the next call on, tfjs runs these nodes.`);
      }
    } catch (error) {
      console.warn(
        `[webgpu-fused] verify: ${run.plan.label} could not be judged: ${(error as Error).message}`,
      );
    }
  }
}

/** Takes what a divergence names out of use. */
export function reject({ reject: refuse }: PlanRun, { nodes, message }: Divergence): void {
  refuse(nodes, `verify found it wrong: ${message}`);
}

/** A divergence as text, with what is needed to see it. */
export function formatDivergence(found: Divergence): string {
  const { kind, nodes, rules, message, wgsl, reproduction } = found;
  return [
    `[webgpu-fused] verify: ${message}.`,
    `  nodes: ${nodes.join(', ') || 'all'}`,
    ...(rules.length > 0 ? [`  rules: ${rules.join(', ')}`] : []),
    ...(wgsl ? [`  shader: ${wgsl.split('\n')[0]}`] : []),
    ...(reproduction
      ? [`  the property reproduction of this ${kind} is a script that shows it`]
      : []),
  ].join('\n');
}
