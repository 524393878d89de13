/**
 * Who needs which data. To the engine a value that waits looks like any other; what only waiting
 * invocations still need is gone for the engine, and stays here until they have run.
 */
import type { PlanDevice } from '../runtime/plan-device';
import type { LazyData, Invocation } from './pending';

export class References {
  /** Data that the engine has let go of and that waiting invocations hold. */
  hidden = 0;
  /** Bytes of them that lie in GPU buffers. */
  hiddenBytes = 0;

  /** @param free releases data that nobody needs, as stock does. */
  constructor(
    private readonly backend: PlanDevice,
    private readonly free: (data: LazyData) => void,
  ) {}

  /** The engine drops a reference to data that takes part; true if it is gone for the engine. */
  drop(data: LazyData, force: boolean): boolean {
    const { lazy } = data;
    data.refCount = force ? 0 : data.refCount - 1;
    if (data.refCount > 0) return false;
    if (lazy.hidden) return true;
    if (lazy.holds > 0) this.hide(data);
    else this.discard(data);
    return true;
  }

  /** An invocation has run, or will not: it no longer holds what it reads. */
  release({ inputs }: Invocation): void {
    for (const data of inputs) {
      if (!data || --data.lazy.holds > 0 || data.refCount > 0) continue;
      this.unhide(data);
      this.discard(data);
    }
  }

  private hide(data: LazyData): void {
    data.lazy.hidden = true;
    this.hidden++;
    this.hiddenBytes += residentBytes(data);
  }

  private unhide(data: LazyData): void {
    if (!data.lazy.hidden) return;
    data.lazy.hidden = false;
    this.hidden--;
    this.hiddenBytes -= residentBytes(data);
  }

  /** Nobody needs the value: the invocation that would compute it may not be needed either. */
  private discard(data: LazyData): void {
    const { invocation, dataId } = data.lazy;
    if (!invocation) {
      this.free(data);
      return;
    }
    data.lazy.invocation = null;
    this.backend.tensorMap.delete(dataId);
    if (--invocation.wanted === 0) this.release(invocation);
  }
}

function residentBytes({ lazy, resource }: LazyData): number {
  return lazy.invocation || !(resource instanceof GPUBuffer) ? 0 : resource.size;
}
