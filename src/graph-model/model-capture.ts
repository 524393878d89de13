/** What warm calls of a model replay: calls that are more than one region, and why some are not. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { NodeDef } from './graph-def';
import type { CallCapture, PlanRuntime, ReplayedMemory } from './runtime';

/** Categories of tfjs's ops because of which a graph is taken step by step, and what they do. */
const STEPWISE: Readonly<Record<string, string>> = {
  control: 'decides on values what runs',
  dynamic: 'reads values back to know the shape of its result',
  hash_table: 'looks values up on the host',
  custom: 'is an op of the app, which may wait for anything',
};

/** What warm calls of a model replay. */
export interface CaptureExplanation {
  /** The whole call; each region by itself, around what tfjs runs; or nothing. */
  readonly replayed: 'call' | 'regions' | 'nothing';
  /** Why not the whole call. */
  readonly reason: string | null;
  /** Of a call that is more than one region: what it keeps, the plans of its regions included. */
  readonly memory?: ReplayedMemory;
}

/** Why tfjs runs a node in `executeAsync` only; undefined if it does not have to. */
export function whyStepwise(
  { op, name }: Pick<NodeDef, 'op' | 'name'>,
  category: string,
): string | undefined {
  return category in STEPWISE ? `${op} (${name}) ${STEPWISE[category]}` : undefined;
}

export class ModelCapture {
  private capture: CallCapture | undefined;
  /** Why the latest call went step by step, if it did. */
  private stepwise: string | undefined;

  constructor(private readonly runtime: PlanRuntime) {}

  /** Calls `run`, or replays what it did. */
  call(inputs: readonly Tensor[], run: () => Tensor[], key: string): Tensor[] {
    this.stepwise = undefined;
    this.capture ??= this.runtime.makeCapture?.();
    return this.capture?.call(inputs, run, key) ?? run();
  }

  /** Notes that a call goes step by step: only its regions are replayed. */
  leave(reason: string): void {
    this.stepwise = reason;
  }

  /** @param isWhole whether the model is one region, whose plan is all that a call runs. */
  explain(isWhole: boolean): CaptureExplanation {
    const obstacle = this.runtime.replayObstacle?.() ?? null;
    if (obstacle !== null) return { replayed: 'nothing', reason: obstacle };
    if (isWhole) return { replayed: 'call', reason: null };
    if (this.stepwise !== undefined) return { replayed: 'regions', reason: this.stepwise };
    const status = this.capture?.status;
    if (status?.isReplayed) return { replayed: 'call', reason: null, memory: status.memory };
    return { replayed: 'regions', reason: status?.reason ?? 'no call was watched yet' };
  }

  dispose(): void {
    this.capture?.dispose();
  }
}
