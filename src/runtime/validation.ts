/**
 * Shaders that a driver rejects. WebGPU says so only later, through error scopes, when the first
 * call that used them has returned already: neither what that call gave, nor what was computed of
 * it since, must be read as an answer.
 */
import type { DataId } from '@tensorflow/tfjs-core';

/** Something that may turn out not to be runnable. */
export interface Fallible {
  readonly failure?: { readonly reason: string };
}

interface Data {
  readonly dataId: DataId;
}

export class Validation {
  /** Settles when all that was asked of the driver is answered; null while nothing is. */
  private pending: Promise<void> | null = null;
  /** What tensors hold no answer if it fails. */
  private readonly doubtful = new WeakMap<DataId, readonly Fallible[]>();
  /** Whether the driver has rejected a shader: what it rejects once it may reject elsewhere. */
  hasRejected = false;

  /** True once the driver has answered all that it was asked. */
  get isSettled(): boolean {
    return this.pending === null;
  }

  /** Waits for an error scope; `onError` gets a reason if it caught one. */
  watch(scope: Promise<GPUError | null>, onError: (reason: string) => void): void {
    const answered = scope.then(
      (error) => {
        if (!error) return;
        this.hasRejected = true;
        console.warn(
          `[webgpu-fused] the driver rejected a generated shader; tfjs's own kernels run instead ` +
            `from the next call on. Please report this: ${error.message}`,
        );
        onError('the driver rejected a generated shader');
      },
      () => undefined, // A lost device answers nothing; reads report it.
    );
    const all = Promise.all([this.pending, answered]).then(() => {
      if (this.pending === all) this.pending = null;
    });
    this.pending = all;
  }

  /**
   * Notes tensors that hold no answer if `maker` fails, or if what was to compute `inputs` does. Free
   * once the driver has answered and rejected nothing.
   */
  track(outputs: readonly Data[], inputs: readonly Data[], maker?: Fallible): void {
    if (!this.pending && !this.hasRejected) return;
    const doubts = new Set(inputs.flatMap(({ dataId }) => this.doubtful.get(dataId) ?? []));
    if (maker) doubts.add(maker);
    const relevant = [...doubts].filter(({ failure }) => failure ?? !this.isSettled);
    if (relevant.length === 0) return;
    for (const { dataId } of outputs) this.doubtful.set(dataId, relevant);
  }

  /** True while the driver owes an answer, or has given a bad one. */
  isDoubtful(dataId: DataId): boolean {
    return this.doubtful.has(dataId);
  }

  /**
   * Waits until it is known whether a tensor holds an answer.
   * @throws Error if a rejected shader was to compute it.
   */
  async settle(dataId: DataId): Promise<void> {
    while (this.pending) await this.pending;
    this.assertComputed(dataId);
    this.doubtful.delete(dataId);
  }

  /** @throws Error if it is known already that a rejected shader was to compute a tensor. */
  assertComputed(dataId: DataId): void {
    const failed = this.doubtful.get(dataId)?.find(({ failure }) => failure);
    if (!failed?.failure) return;
    throw new Error(
      `[webgpu-fused] read: got a tensor that was not computed, because ${failed.failure.reason}. ` +
        `Run the model again: the original ops compute it now.`,
    );
  }
}
