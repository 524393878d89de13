/** A backend that has a queue of kernels that were called and wait. */
import type { PlanDevice } from '../runtime/plan-device';
import type { LazyQueue } from './queue';

export interface LazyBackend extends PlanDevice {
  /** @internal */
  readonly lazy: LazyQueue;
}
