/**
 * A function of tensors that is watched when it is called, and replayed once two calls of the same
 * signature did the same. What cannot be captured runs as ever, and keeps the reason.
 */
import { engine, type DataId, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import { frameKey } from '../ir/frame';
import { LruMap } from '../ir/lru-map';
import type { PlanDevice } from '../runtime/plan-device';
import { flag } from '../host/flags';
import { dropFrame } from '../host/frames';
import { internalsOf, tensorData } from '../host/internals';
import { submitAll } from '../runtime/encode';
import { CallReplay } from './call-replay';
import type { ReplayMemory } from './replay-memory';
import { difference, releaseWatched, type WatchedCall } from './watched-call';
import { CallWatcher, NEEDS_ELEMENTS } from './call-watcher';

/** Signatures that are kept side by side; the one not used for longest goes. */
const MAX_SIGNATURES = 8;
/** Calls that are watched before a signature is given up. */
const MAX_ATTEMPTS = 4;

/** What is known of one signature. */
interface CallState {
  attempts: number;
  /** The call watched last. */
  last: WatchedCall | null;
  replay: CallReplay | null;
  /** Why it is not captured, so far or for good. */
  reason: string | null;
}

/** What became of the latest call. */
export interface CaptureStatus {
  readonly isReplayed: boolean;
  /** Why not. */
  readonly reason: string | null;
  /** What a replay keeps between calls. */
  readonly memory?: ReplayMemory;
}

/** Why nothing is captured at all, or null. */
export function captureObstacle(): string | null {
  return flag('WEBGPU_FUSED_CAPTURE') ? null : 'WEBGPU_FUSED_CAPTURE is off';
}

export class CapturedCall {
  status: CaptureStatus = { isReplayed: false, reason: 'it has not been called yet' };
  private readonly signatures = new LruMap<string, CallState>({
    entries: MAX_SIGNATURES,
    onForget: (signature) => this.reset(signature),
  });

  constructor(private readonly backend: PlanDevice) {}

  /**
   * Calls `run`, or replays what it did.
   * @param key what the call depends on besides shapes and dtypes of `inputs`.
   */
  call(inputs: readonly Tensor[], run: () => Tensor[], key = ''): Tensor[] {
    const obstacle = this.obstacle() ?? unfit(inputs);
    if (obstacle !== null) {
      this.status = { isReplayed: false, reason: obstacle };
      return run();
    }
    let signature = this.find(key + signatureOf(this.backend, inputs));
    if (signature.reason === NEEDS_ELEMENTS) {
      for (const { dataId } of inputs) forgetFrame(this.backend, dataId);
      signature = this.find(key + signatureOf(this.backend, inputs));
    }
    if (signature.replay && !signature.replay.isCurrent) this.reset(signature);
    if (signature.replay) {
      this.status = { isReplayed: true, reason: null, memory: signature.replay.memory };
      return this.track(signature.replay.run(inputs));
    }
    const results = signature.attempts < MAX_ATTEMPTS ? this.watch(signature, inputs, run) : run();
    this.status = { isReplayed: false, reason: signature.reason };
    return results;
  }

  dispose(): void {
    this.signatures.clear();
  }

  /** Why no call can be captured now, or null. */
  private obstacle(): string | null {
    const { backend } = this;
    const { state } = engine();
    const isOff = captureObstacle();
    if (isOff) return isOff;
    if (backend.observer) return 'it is part of a call that is watched itself';
    if (state.gradientDepth > 0) return 'a gradient is being computed';
    if (state.profiling || internalsOf(backend).activeTimers) return 'kernels are being timed';
    if (!backend.validation.isSettled) return 'the driver has not accepted all shaders yet';
    return null;
  }

  private find(key: string): CallState {
    const known = this.signatures.get(key);
    if (known) return known;
    const signature = { attempts: 0, last: null, replay: null, reason: null };
    this.signatures.set(key, signature);
    return signature;
  }

  private watch(signature: CallState, inputs: readonly Tensor[], run: () => Tensor[]): Tensor[] {
    const { backend } = this;
    // On the host, an input could steer what is uploaded without anybody reading it back.
    for (const { dataId } of inputs) if (!backend.frameOf(dataId)) backend.uploadToGPU(dataId);
    const watcher = new CallWatcher(backend, inputs);
    backend.observer = watcher;
    let results: Tensor[];
    try {
      results = run();
      backend.runPending();
    } catch (error) {
      watcher.refuse('it failed');
      signature.attempts++;
      this.settle(signature, watcher, []);
      throw error;
    } finally {
      backend.observer = null;
    }
    signature.attempts++;
    this.settle(signature, watcher, results);
    return results;
  }

  /** Decides what a watched call is good for. */
  private settle(signature: CallState, watcher: CallWatcher, results: readonly TensorInfo[]): void {
    const { backend } = this;
    const watched = watcher.finish(results);
    const { last } = signature;
    signature.last = null;
    // What is given back here must not be in commands that still wait.
    submitAll(backend);
    if (watcher.refusal !== null) {
      signature.reason = watcher.refusal;
      releaseWatched(watched, backend);
    } else {
      const changed = last
        ? difference(last, watched)
        : 'it was watched once; the next call confirms it';
      signature.reason = changed ?? 'it is replayed from the next call on';
      if (changed === null) signature.replay = new CallReplay(backend, watched);
      else signature.last = watched;
    }
    if (last) releaseWatched(last, backend);
  }

  private reset(signature: CallState): void {
    signature.replay?.dispose();
    if (signature.last) releaseWatched(signature.last, this.backend);
    Object.assign(signature, { attempts: 0, last: null, replay: null, reason: null });
  }

  /** Makes tensors of the engine's, so that `tidy` and `memory` know of them. */
  private track(infos: readonly TensorInfo[]): Tensor[] {
    return infos.map(({ dataId, shape, dtype }) =>
      engine().makeTensorFromDataId(dataId, shape, dtype, this.backend),
    );
  }
}

/** Makes a tensor that can be read as a texture one like any other. */
function forgetFrame(backend: PlanDevice, dataId: DataId): void {
  if (!backend.frameOf(dataId)) return;
  backend.runPending();
  backend.uploadToGPU(dataId);
  submitAll(backend);
  dropFrame(backend, dataId);
}

/** Why tensors cannot be inputs of a captured call, or null: it has them on the GPU. */
function unfit(inputs: readonly Tensor[]): string | null {
  const odd = inputs.find(({ dtype }) => dtype === 'string' || dtype === 'complex64');
  return odd ? `an input is of type ${odd.dtype}` : null;
}

function signatureOf(backend: PlanDevice, inputs: readonly Tensor[]): string {
  const seen: unknown[] = [];
  let key = '';
  for (const { dtype, shape, dataId } of inputs) {
    let at = seen.indexOf(dataId);
    if (at < 0) at = seen.push(dataId) - 1;
    // One tensor given twice is one value in what was watched.
    const stored = tensorData(backend, dataId).dtype;
    key += `${dtype}/${stored}:${shape.join()}@${at};${frameKey(backend.frameOf(dataId))}`;
  }
  return key;
}
