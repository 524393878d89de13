/**
 * The plans of one stream. What is constant is found out: the numbers of its first run are taken for
 * constants, and so are tensors that were the same in the last runs, such as weights. What depends on
 * constants alone is computed once (a batch normalization becomes part of the convolution before it),
 * and a composite finds the numbers that it asks for. Such a plan runs only while all of that is what it
 * was; there is another one for any values.
 */
import type { DataId } from '@tensorflow/tfjs-core';
import type { PlanDevice } from '../runtime/plan-device';
import { chooseConstants } from './constant-externals';
import type { LazyData } from './pending';
import { Steadiness } from './steadiness';
import type { Stream } from './stream';
import { makeVariant, type Variant } from './variant';

/** Runs with the same tensors before they count as constants. */
const PATIENCE = 3;
/** The same in a call that is watched: what it reads besides its inputs is there to stay. */
const PATIENCE_WATCHED = 1;
/** Times that steady tensors are looked for, each after twice as many runs as the one before. */
const MAX_LOOKS = 5;
/** Runs after which a plan for constants was worth compiling. */
const WORTHWHILE = 32;
/** Plans for constants that may be given up before they were worth it. */
const MAX_IN_VAIN = 3;

/** An external as it was when a plan was made for it. */
interface FixedValue {
  readonly external: number;
  readonly scalar: number | undefined;
  readonly dataId: DataId;
  /** Another one after a move to another backend and back. */
  readonly resource: LazyData['resource'];
}

/** A plan for constants. */
interface Special {
  readonly variant: Variant;
  readonly fixed: readonly FixedValue[];
}

export class StreamPlans {
  private general: Variant | null = null;
  private special: Special | null = null;
  private readonly steadiness = new Steadiness();
  /** Whether constants are still looked for. */
  private isWatching = true;
  private untilLook = PATIENCE;
  private looks = 0;
  private runsWatched = 0;
  private hasLost = false;
  private inVain = 0;

  /** @param anySize whether streams like this one came with other sizes. */
  constructor(
    private readonly backend: PlanDevice,
    private readonly anySize = false,
  ) {}

  /** The plan for this run, made now if there is none that fits. */
  find(stream: Stream): Variant {
    const misfit = this.special ? findMisfit(this.special, stream) : null;
    if (misfit) this.lose(stream, misfit);
    if (this.isWatching) this.watch(stream);
    const { special } = this;
    if (special && this.mayRelyOn(special)) return special.variant;
    return (this.general ??= makeVariant(this.backend, stream, this.anySize));
  }

  /** Bytes that the plans hold between runs. */
  get bytes(): number {
    return sumOf(this.variants, ({ executor }) => executor?.ownBytes ?? 0);
  }

  /** Tensors that the plans keep for themselves. */
  get tensors(): number {
    return sumOf(this.variants, ({ executor }) => executor?.ownTensors ?? 0);
  }

  /** Frees the plans. */
  dispose(): void {
    this.drop();
    this.general?.executor?.dispose();
    this.general = null;
  }

  /** A value that the plan for constants holds is gone, and so is that plan. */
  forget(): void {
    this.giveUp();
  }

  private get variants(): Variant[] {
    return [this.general, this.special?.variant].filter((variant) => variant != null);
  }

  /** The plan for constants does not fit: `misfit` is not what it was. */
  private lose(stream: Stream, { external, dataId }: FixedValue): void {
    const { data } = stream.externals[external];
    // A weight goes when another one takes its place; what stays while others come is data.
    if (data.lazy.dataId !== dataId && this.backend.tensorMap.has(dataId)) {
      this.steadiness.markInput(external);
    }
    this.giveUp();
  }

  private giveUp(): void {
    if ((this.special?.variant.runs ?? WORTHWHILE) < WORTHWHILE) this.inVain++;
    this.drop();
    this.hasLost = true;
    this.isWatching = this.inVain <= MAX_IN_VAIN;
    this.steadiness.restart();
    this.runsWatched = 0;
    this.looks = 0;
    this.untilLook = PATIENCE;
  }

  private drop(): void {
    const { special } = this;
    if (!special) return;
    this.special = null;
    for (const { dataId } of special.fixed) dependents.get(dataId)?.delete(this);
    special.variant.executor?.dispose();
  }

  private watch(stream: Stream): void {
    const { steadiness, backend } = this;
    steadiness.note(stream.externals);
    const isFirst = ++this.runsWatched === 1 && !this.hasLost;
    const isDue = this.runsWatched >= this.untilLook;
    if (!isFirst && !isDue && !backend.observer) return;
    const found = this.look(stream);
    if (found) this.specialize(stream, found);
    if (!isDue) return;
    this.untilLook *= 2;
    if (++this.looks >= MAX_LOOKS) this.isWatching = false;
  }

  /** Constants for which there is no plan yet; null if there are none. */
  private look(stream: Stream): Set<number> | null {
    const { backend, steadiness, special } = this;
    const { observer } = backend;
    const patience = observer ? PATIENCE_WATCHED : PATIENCE;
    const steady = new Set<number>();
    stream.externals.forEach(({ data, scalar }, at) => {
      const isNumber = scalar !== undefined;
      if (steadiness.runsOf(at) < (isNumber && !this.hasLost ? 1 : patience)) return;
      if (isNumber || mayBeConstant(data, backend)) steady.add(at);
    });
    if (steady.size === 0) return null;
    const chosen = chooseConstants(stream, steady);
    const known = new Set(special?.fixed.map(({ external }) => external));
    return [...chosen].every((at) => known.has(at)) ? null : chosen;
  }

  private specialize(stream: Stream, constants: ReadonlySet<number>): void {
    this.drop();
    const variant = makeVariant(this.backend, stream, this.anySize, constants);
    const fixed = [...constants].map((external): FixedValue => {
      const { data, scalar } = stream.externals[external];
      return { external, scalar, dataId: data.lazy.dataId, resource: data.resource };
    });
    this.special = { variant, fixed };
    for (const { dataId, scalar } of fixed) if (scalar === undefined) dependOn(dataId, this);
    // Both plans do not hold memory at once.
    this.general?.executor?.rest();
    if (fixed.some(({ scalar }) => scalar === undefined)) this.isWatching = false;
  }

  /** Whether the plan works, and a call that is watched, if one is, may take its tensors for constant. */
  private mayRelyOn({ variant, fixed }: Special): boolean {
    const { observer } = this.backend;
    const { executor } = variant;
    if (!executor || executor.rejection || executor.failure) return false;
    if (!observer) return true;
    return fixed.every(({ scalar, dataId }) => scalar !== undefined || observer.relyOn(dataId));
  }
}

/** The first value for which the plan was not made; null if it fits. */
function findMisfit({ fixed }: Special, { externals }: Stream): FixedValue | null {
  for (const value of fixed) {
    const { data, scalar } = externals[value.external];
    const isSame =
      value.scalar === undefined
        ? data.lazy.dataId === value.dataId && data.resource === value.resource
        : Object.is(scalar, value.scalar);
    if (!isSame) return value;
  }
  return null;
}

/** Whether a tensor stays what it is until it is disposed of: not in a buffer that is the app's. */
function mayBeConstant(data: LazyData, { observer }: PlanDevice): boolean {
  if (!(data.resource instanceof GPUBuffer) || data.external || data.refCount <= 0) return false;
  return !observer || observer.relyOn(data.lazy.dataId);
}

function sumOf(variants: readonly Variant[], count: (variant: Variant) => number): number {
  return variants.reduce((sum, variant) => sum + count(variant), 0);
}

/** Which streams have a plan that holds a tensor's value for a constant. */
const dependents = new WeakMap<DataId, Set<StreamPlans>>();

function dependOn(dataId: DataId, plans: StreamPlans): void {
  const known = dependents.get(dataId);
  if (known) known.add(plans);
  else dependents.set(dataId, new Set([plans]));
}

/** Gives up the plans that were made for a value that is gone, and what they hold. */
export function forgetValue(dataId: DataId): void {
  const plans = dependents.get(dataId);
  if (plans) for (const each of [...plans]) each.forget();
}
