/** A division of a model that is in use: its regions, its executor, and when both may be freed. */
import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { parseInput } from './graph-def';
import type { Executor } from './model-internals';
import type { Partition } from './partition';
import type { RegionRunner } from './region-runner';

/** One model divided for one set of outputs. */
export class Rewrite {
  readonly partition: Partition;
  readonly runners: readonly RegionRunner[];
  /** Time that dividing and rewriting took. */
  readonly milliseconds: number;
  /** How many exclusions it takes into account. */
  readonly exclusions: number;
  private readonly build: () => Executor;
  private built: Executor | undefined;
  private activeCalls = 0;
  private retired: (() => void) | undefined;

  constructor(
    parts: Pick<Rewrite, 'partition' | 'runners' | 'milliseconds' | 'exclusions'>,
    build: () => Executor,
  ) {
    this.partition = parts.partition;
    this.runners = parts.runners;
    this.milliseconds = parts.milliseconds;
    this.exclusions = parts.exclusions;
    this.build = build;
  }

  /** tfjs's executor of the rewritten topology. */
  get executor(): Executor {
    this.built ??= this.build();
    return this.built;
  }

  /** Of the tensors of a call, those that the rewritten topology still takes. */
  feeds(tensors: ReadonlyMap<string, Tensor>): NamedTensorMap {
    const { nodes } = this.executor.graph;
    return Object.fromEntries([...tensors].filter(([name]) => nodes[name] !== undefined));
  }

  /** Runs a model that is one region, without tfjs's executor. */
  runWhole(tensors: ReadonlyMap<string, Tensor>, outputs: readonly string[]): Tensor[] {
    const [runner] = this.runners;
    const { region } = runner;
    // No region waits that is the whole model.
    const results = runner.run(region.inputs.map((ref) => tensors.get(ref) as Tensor)) as Tensor[];
    return outputs.map((ref) => results[region.outputs.indexOf(parseInput(ref).key)]);
  }

  /** Keeps what the rewrite holds until `run` has ended, however long that takes. */
  async during<T>(run: () => Promise<T>): Promise<T> {
    this.activeCalls++;
    try {
      return await run();
    } finally {
      this.activeCalls--;
      this.releaseIfIdle();
    }
  }

  /** Lets go of the rewrite; `release` is called when no call runs any more. */
  retire(release: () => void): void {
    this.retired = release;
    this.releaseIfIdle();
  }

  private releaseIfIdle(): void {
    if (this.activeCalls > 0) return;
    this.retired?.();
    this.retired = undefined;
  }
}
