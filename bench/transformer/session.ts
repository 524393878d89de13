/** One case on one backend. */
import { loadGraphModelSync, type GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { seededNumbers } from '../../test/support/small-graph-model';
import { useBackend } from '../harness/backends';
import type { GpuInstrument } from '../harness/instrument/instrument';
import type { TransformerCase } from './cases';

/** What one warm run asks of the device. */
export interface RunCost {
  readonly dispatches: number;
  readonly megabytes: number;
}

/** A case loaded on a backend, its inputs resident there. */
export class CaseSession {
  private constructor(
    readonly backend: string,
    readonly model: GraphModel,
    private readonly feeds: tf.NamedTensorMap,
  ) {}

  static async open(entry: TransformerCase, backend: string): Promise<CaseSession> {
    await useBackend(backend);
    const model = loadGraphModelSync(entry.artifacts()) as unknown as GraphModel;
    const feeds = Object.entries(entry.inputs).map(([name, shape], i) => {
      const values = seededNumbers(i + 1, tf.util.sizeFromShape([...shape]));
      // A mask sees three keys of four.
      const data = name === 'mask' ? values.map((value) => (value < 0.5 ? 1 : 0)) : values;
      return [name, tf.tensor(data, [...shape])] as const;
    });
    return new CaseSession(backend, model, Object.fromEntries(feeds));
  }

  /** Runs once and reads the result back. */
  async run(): Promise<Float32Array> {
    await useBackend(this.backend);
    const y = this.model.execute(this.feeds, 'y') as tf.Tensor;
    const values = await y.data<'float32'>();
    y.dispose();
    return values;
  }

  /** Milliseconds of one run, result read back. */
  async time(): Promise<number> {
    await useBackend(this.backend);
    const start = performance.now();
    await this.run();
    return performance.now() - start;
  }

  async cost(instrument: GpuInstrument): Promise<RunCost> {
    instrument.start();
    await this.run();
    const { dispatches, trafficBytes } = instrument.read();
    return { dispatches, megabytes: trafficBytes / 1e6 };
  }

  dispose(): void {
    tf.dispose(this.feeds);
    this.model.dispose();
  }
}
