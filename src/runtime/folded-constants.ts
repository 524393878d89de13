/** What plans compute of weights alone: once for all plans that have it in common, as those for several sizes do. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { byteSize } from '../fused-kernels/wgsl/kernel-writer';
import type { Plan } from '../compiler/plan';
import type { PlanDevice } from './plan-device';
import { WatchedWeights } from './watched-weights';

/** The results of a prelude, on the device. */
export class FoldedConstants {
  /** Plans that have them. */
  users = 0;
  private readonly weights: WatchedWeights;

  /**
   * @param tensors one for each output of `prelude`, which nobody else has.
   * @throws Error if a weight was disposed of.
   */
  constructor(
    private readonly backend: PlanDevice,
    private readonly prelude: Plan,
    readonly tensors: readonly TensorInfo[],
  ) {
    this.weights = new WatchedWeights(backend);
    for (const value of prelude.constants) if (value.constant?.handle) this.weights.bind(value);
  }

  /** False once a weight is not what it was, or where they turned out not to be computed. */
  get areCurrent(): boolean {
    return this.weights.areCurrent && !this.backend.validation.hasLost(this.tensors);
  }

  /** Notes that one of its plans needs them no more. */
  giveBack(): void {
    if (--this.users > 0) return;
    const known = latest.get(this.backend);
    if (known?.get(this.prelude) === this) known.delete(this.prelude);
    for (const { dataId } of this.tensors) this.backend.disposeData(dataId);
  }

  /** Bytes of them, divided among the plans that have them. */
  get share(): number {
    return this.prelude.outputs.reduce((sum, value) => sum + byteSize(value), 0) / this.users;
  }
}

const latest = new WeakMap<PlanDevice, WeakMap<Plan, FoldedConstants>>();

/** The results of a prelude, computed by `compute` unless some plan has them; to be given back. */
export function takeFolded(
  backend: PlanDevice,
  prelude: Plan,
  compute: () => readonly TensorInfo[],
): FoldedConstants {
  const known = latest.get(backend) ?? new WeakMap<Plan, FoldedConstants>();
  latest.set(backend, known);
  let found = known.get(prelude);
  if (!found?.areCurrent) {
    found = new FoldedConstants(backend, prelude, compute());
    known.set(prelude, found);
  }
  found.users++;
  return found;
}
