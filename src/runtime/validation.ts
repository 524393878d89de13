/**
 * What the driver did not do. WebGPU says so only later, through error scopes, when the call has returned
 * already: neither what that call gave, nor what was computed of it since, must be read as an answer.
 *
 * Shaders are asked for one by one, when they are compiled; commands by the submission, which a driver runs
 * or drops as a whole. What each submission writes, and of what, is kept in a log until it is answered.
 */
import type { DataId } from '@tensorflow/tfjs-core';
import { type Failure, firstLine, notComputed, REJECTED } from './failure';

/** Who encodes commands. */
export interface Maker {
  /** For messages. */
  readonly name: string;
  /** Set when it turns out not to be runnable. */
  readonly failure?: Failure;
  /** Nodes that an error speaks of, if they are this maker's. */
  blame?(message: string): readonly string[];
  /** Commands of it were dropped: what it keeps between runs is to be made anew. */
  forget?(): void;
}

interface Data {
  readonly dataId: DataId;
}

/** Tensors that commands write. */
interface Write {
  readonly outputs: readonly Data[];
  readonly inputs: readonly Data[];
  /** Submissions that the commands are in, by number; none where `last` is below `first`. */
  readonly first: number;
  readonly last: number;
  readonly by: Maker | string;
}

/** Submissions that failed and are remembered by number. */
const MAX_DROPPED = 64;
/** Submissions for which a buffer that is dead counts as one that there was no memory for. */
const STARVED = 64;
/** Names in a message. */
const MAX_NAMES = 4;

/** All that is known before the driver's own words are. */
const DROPPED: Failure = {
  kind: 'validation',
  reason: 'the driver dropped its commands (validation: await tensor.data() tells why)',
  nodes: [],
};

export class Validation {
  /** Whether the driver has rejected a shader: what it rejects once it may reject elsewhere. */
  hasRejected = false;
  /** The number of the submission that is being filled. */
  open = 0;
  /** Submissions below are answered. */
  private answered = 0;
  private readonly early = new Set<number>();
  /** What the driver will say of submissions, by number. */
  private readonly verdicts = new Map<number, Promise<GPUError | null>>();
  private readonly dropped = new Map<number, Failure>();
  /** When memory could not be had, as numbers of submissions, and what the driver said. */
  private starved = { from: 0, to: -1, message: '' };
  private readonly log: Write[] = [];
  private readonly failures = new WeakMap<DataId, Failure>();
  private hasFailed = false;
  private shaders = 0;
  private readonly unanswered = new Set<Promise<void>>();

  /** @param onDrop is called when commands were dropped: memory that is left may be dead. */
  constructor(
    private readonly device: GPUDevice,
    private readonly onDrop: () => void = () => undefined,
  ) {}

  /** True once the driver has answered for all shaders. */
  get isSettled(): boolean {
    return this.shaders === 0;
  }

  /** Compiles a shader; `onReject` is called if the driver rejects it. */
  compile<T>(run: () => T, onReject: () => void): T {
    const { device } = this;
    device.pushErrorScope('internal');
    device.pushErrorScope('validation');
    try {
      return run();
    } finally {
      this.shaders++;
      const verdicts = Promise.all([device.popErrorScope(), device.popErrorScope()]);
      this.await(
        verdicts.then((errors) => errors.find((error) => error !== null) ?? null),
        (error) => {
          this.shaders--;
          if (!error) return;
          this.hasRejected = true;
          console.warn(
            `[webgpu-fused] ${REJECTED}; tfjs's own kernels run instead from the next call on. ` +
              `Please report this: ${error.message}`,
          );
          onReject();
        },
      );
    }
  }

  /** Makes a buffer. */
  allocate(create: () => GPUBuffer): GPUBuffer {
    const { device, open } = this;
    device.pushErrorScope('out-of-memory');
    try {
      return create();
    } finally {
      this.await(device.popErrorScope(), (error) => {
        if (!error) return;
        const from = open <= this.starved.to ? this.starved.from : open;
        this.starved = { from, to: open + STARVED, message: firstLine(error) };
      });
    }
  }

  /** Submits what is encoded. */
  submit(run: () => void): void {
    const { device } = this;
    const number = this.open++;
    device.pushErrorScope('validation');
    try {
      run();
    } finally {
      const verdict = device.popErrorScope();
      this.verdicts.set(number, verdict);
      this.await(verdict, (error) => {
        this.verdicts.delete(number);
        if (error) this.drop(number, error);
        this.early.add(number);
        while (this.early.delete(this.answered)) this.answered++;
      });
    }
  }

  /**
   * Notes that `outputs` hold no answer if the commands in submissions `first` to `last` are dropped, or
   * `by` turns out not to be runnable, or `inputs` hold none. Without commands, they are another name.
   */
  track(
    outputs: readonly Data[],
    inputs: readonly Data[],
    by: Maker | string = '',
    first = 0,
    last = -1,
  ): void {
    const write = { outputs, inputs, by, first, last };
    // What is known already is known to synchronous reads as well.
    if (this.hasFailed) this.spread(write);
    this.log.push(write);
  }

  /** Waits for all answers that the driver owes. */
  async settle(): Promise<void> {
    if (this.unanswered.size > 0) await Promise.all(this.unanswered);
  }

  /** Whether it is known that one of some tensors was not computed. */
  hasLost(tensors: readonly Data[]): boolean {
    return this.hasFailed && tensors.some(({ dataId }) => this.failures.has(dataId));
  }

  /** @throws Error if it is known that a tensor was not computed. */
  assertComputed(dataId: DataId): void {
    const failure = this.failures.get(dataId);
    if (failure) throw notComputed(failure);
  }

  /**
   * For synchronous reads: as {@link assertComputed}, of submissions that are not answered yet as well.
   *
   * @param hasError waits for a verdict without awaiting.
   * @throws Error if a tensor was not computed.
   */
  assertComputedNow(
    dataId: DataId,
    hasError: (verdict: Promise<GPUError | null>) => boolean,
  ): void {
    this.assertComputed(dataId);
    const lost = [...this.verdicts].flatMap(([number, one]) => (hasError(one) ? [number] : []));
    if (lost.length === 0) return;
    const failed = new Set<DataId>();
    for (const { inputs, outputs, first, last } of this.log) {
      const isLost = lost.some((number) => first <= number && number <= last);
      if (!isLost && !inputs.some((input) => failed.has(input.dataId))) continue;
      for (const output of outputs) failed.add(output.dataId);
    }
    if (failed.has(dataId)) throw notComputed(DROPPED);
  }

  /** @throws Error if it is known that a submission was dropped. */
  assertSubmitted(number: number): void {
    const failure = this.dropped.get(number);
    if (failure) throw notComputed(failure);
  }

  private await(scope: Promise<GPUError | null>, onAnswer: (error: GPUError | null) => void): void {
    const answer = scope
      // A lost device answers nothing; reads report it.
      .catch(() => null)
      .then((error) => {
        this.unanswered.delete(answer);
        onAnswer(error);
        this.conclude();
      });
    this.unanswered.add(answer);
  }

  private drop(number: number, error: GPUError): void {
    const writes = this.log.filter(({ first, last }) => first <= number && number <= last);
    const makers = [...new Set(writes.map(({ by }) => by))];
    const names = [...new Set(makers.map((by) => (typeof by === 'string' ? by : by.name)))];
    const nodes = makers.flatMap((by) =>
      typeof by === 'string' ? [] : (by.blame?.(error.message) ?? []),
    );
    const { from, to, message } = this.starved;
    const isStarved = from <= number && number <= to;
    const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : '';
    const whose = `${names.slice(0, MAX_NAMES).join(', ') || 'a copy'}${more}`;
    const kind = isStarved ? 'out-of-memory' : 'validation';
    const reason = `the driver dropped the commands of ${whose} (${kind}: ${isStarved ? message : firstLine(error)})`;
    this.dropped.set(number, { kind, reason, nodes: nodes.slice(0, MAX_NAMES) });
    if (this.dropped.size > MAX_DROPPED)
      this.dropped.delete(this.dropped.keys().next().value as number);
    console.warn(`[webgpu-fused] ${reason}. Reading what they were to compute throws.`);
    for (const by of makers) if (typeof by !== 'string') by.forget?.();
    this.onDrop();
  }

  /** Takes from the log what is decided. */
  private conclude(): void {
    const { log } = this;
    let decided = 0;
    for (; decided < log.length; decided++) {
      const write = log[decided];
      if (write.last >= this.answered) break;
      if (typeof write.by !== 'string' && this.shaders > 0) break;
      if (this.hasRejected || this.hasFailed || this.dropped.size > 0) this.judge(write);
    }
    log.splice(0, decided);
  }

  private judge(write: Write): void {
    const { by, first, last, outputs } = write;
    let failure = typeof by === 'string' ? undefined : by.failure;
    for (let number = first; number <= last && !failure; number++) {
      failure = this.dropped.get(number);
    }
    if (failure) this.fail(outputs, failure);
    else this.spread(write);
  }

  private spread({ inputs, outputs }: Write): void {
    for (const { dataId } of inputs) {
      const failure = this.failures.get(dataId);
      if (failure) this.fail(outputs, failure);
    }
  }

  /** Notes that `outputs` were not computed. */
  fail(outputs: readonly Data[], failure: Failure): void {
    this.hasFailed = true;
    for (const { dataId } of outputs) this.failures.set(dataId, failure);
  }
}
