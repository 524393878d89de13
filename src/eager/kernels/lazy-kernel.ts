/** A tfjs kernel that can be queued and run later: its lowering, and what else eager code must know of it. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Attrs } from '../../ir/graph';
import { RefusedError } from '../../ir/infer/refused';
import type { Lowering } from '../../lowering/lowering';

/** Attributes are those that tfjs calls the kernel with. */
export interface LazyKernel extends Lowering {
  readonly kernel: string;
  /** The CPU computes it where its inputs are few and live there; `integral`: of integers alone. */
  readonly onCpu?: boolean | 'integral';
}

/** A kernel of this package, which stock does not have. */
export interface ComposedKernel extends LazyKernel {
  /** Computes it with tfjs's ops; operands in the order of `inputs`, absent ones undefined. */
  compose(operands: readonly (Tensor | undefined)[], attrs: Attrs): Tensor[];
}

export function isComposed(kernel: LazyKernel): kernel is ComposedKernel {
  return 'compose' in kernel;
}

/** Thrown where stock passes its input on without computing anything, so that there is nothing to fuse. */
export class NothingToCompute extends RefusedError {
  constructor() {
    super('it computes nothing');
  }
}
