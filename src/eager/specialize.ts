/**
 * Plans for fixed weights. Where a stream runs again and again with the same variables, their values
 * are constants: what depends on them alone is computed once (a batch normalization becomes part of
 * the convolution before it). A plan of this kind runs only while every variable is what it was.
 */
import { engine, type DataId } from '@tensorflow/tfjs-core';
import type { PlanDevice } from '../runtime/plan-device';
import type { LazyData } from './pending';
import type { Stream } from './stream';
import { makeVariant, type Variant } from './variant';

/** Runs with the same variables before they count as fixed. */
const RUNS_BEFORE = 3;

/** A variable's value, as it was when the plan was made. */
interface FixedValue {
  /** Position among the stream's externals. */
  readonly external: number;
  readonly dataId: DataId;
  /** Another one after a move to another backend and back. */
  readonly resource: LazyData['resource'];
}

export class Specialization {
  private runs = 0;
  private seen: readonly DataId[] = [];
  private fixed: readonly FixedValue[] = [];
  private variant: Variant | null = null;
  private isOver = false;

  constructor(private readonly onDispose: (variant: Variant) => void) {}

  /** The variant for this run, made now if it is time; null if the general one is to run. */
  find(backend: PlanDevice, stream: Stream): Variant | null {
    if (this.isOver) return null;
    if (!this.variant) return this.watch(backend, stream);
    if (this.holdsFor(stream)) return this.variant;
    this.dispose();
    return null;
  }

  /** Gives the variant up for good. */
  dispose(): void {
    this.isOver = true;
    for (const { dataId } of this.fixed) dependents.get(dataId)?.delete(this);
    if (!this.variant) return;
    this.onDispose(this.variant);
    this.variant.executor?.dispose();
    this.variant = null;
  }

  private watch(backend: PlanDevice, stream: Stream): Variant | null {
    this.runs++;
    if (this.runs < RUNS_BEFORE) {
      this.seen = stream.externals.map(({ data }) => data.lazy.dataId);
      return null;
    }
    this.fixed = this.findFixed(stream);
    if (this.fixed.length === 0) {
      this.isOver = true;
      return null;
    }
    this.variant = makeVariant(
      backend,
      stream,
      new Set(this.fixed.map(({ external }) => external)),
    );
    for (const { dataId } of this.fixed) dependOn(dataId, this);
    return this.variant;
  }

  private findFixed({ externals }: Stream): FixedValue[] {
    const variables = new Set<DataId>();
    for (const { dataId } of Object.values(engine().registeredVariables)) variables.add(dataId);
    return externals.flatMap(({ data, scalar }, external) => {
      const { dataId } = data.lazy;
      const isFixed =
        scalar === undefined && dataId === this.seen[external] && variables.has(dataId);
      return isFixed ? [{ external, dataId, resource: data.resource }] : [];
    });
  }

  private holdsFor({ externals }: Stream): boolean {
    for (const { external, dataId, resource } of this.fixed) {
      const { data } = externals[external];
      if (data.lazy.dataId !== dataId || data.resource !== resource) return false;
    }
    return true;
  }
}

/** Which plans hold a variable's value for a constant. */
const dependents = new WeakMap<DataId, Set<Specialization>>();

function dependOn(dataId: DataId, plan: Specialization): void {
  const known = dependents.get(dataId);
  if (known) known.add(plan);
  else dependents.set(dataId, new Set([plan]));
}

/** Gives up the plans that were made for a value that is gone, and what they hold. */
export function forgetValue(dataId: DataId): void {
  const plans = dependents.get(dataId);
  if (plans) for (const plan of [...plans]) plan.dispose();
}
