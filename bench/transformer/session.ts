/** One case on one backend. */
import { loadGraphModelSync, type GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { seededNumbers } from '../../test/support/small-graph-model';
import { useBackend } from '../harness/backends';
import type { GpuInstrument } from '../../src/measure/instrument';
import type { TransformerCase } from './cases';

/** What one warm run asks of the device. */
export interface RunCost {
  readonly dispatches: number;
  readonly trafficBytes: number;
}

/** A case loaded on a backend. */
export class CaseSession {
  /** Inputs that stay on the backend; without them, each run uploads its own. */
  private readonly resident: tf.NamedTensorMap | undefined;

  private constructor(
    readonly backend: string,
    readonly model: GraphModel,
    private readonly inputs: readonly Input[],
    uploads: boolean,
  ) {
    this.resident = uploads ? undefined : tensorsOf(inputs);
  }

  static async open(entry: TransformerCase, backend: string): Promise<CaseSession> {
    await useBackend(backend);
    const model = loadGraphModelSync(entry.artifacts()) as unknown as GraphModel;
    return new CaseSession(backend, model, inputsOf(entry), entry.uploads ?? false);
  }

  /** Runs once and reads the result back. */
  async run(): Promise<Float32Array> {
    await this.activate();
    const feeds = this.resident ?? tensorsOf(this.inputs);
    const y = this.model.execute(feeds, 'y') as tf.Tensor;
    const values = await y.data<'float32'>();
    y.dispose();
    if (feeds !== this.resident) tf.dispose(feeds);
    return values;
  }

  /** Milliseconds of one run, result read back. */
  async time(): Promise<number> {
    await this.activate();
    const start = performance.now();
    await this.run();
    return performance.now() - start;
  }

  /** Changing backends takes tfjs a while, even to the one in use. */
  private async activate(): Promise<void> {
    if (tf.getBackend() !== this.backend) await useBackend(this.backend);
  }

  async cost(instrument: GpuInstrument): Promise<RunCost> {
    instrument.start();
    await this.run();
    const { dispatches, trafficBytes } = instrument.read();
    return { dispatches, trafficBytes };
  }

  dispose(): void {
    if (this.resident) tf.dispose(this.resident);
    this.model.dispose();
  }
}

interface Input {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

function inputsOf({ inputs }: TransformerCase): Input[] {
  return Object.entries(inputs).map(([name, shape], i) => {
    const values = seededNumbers(i + 1, tf.util.sizeFromShape([...shape]));
    // A mask sees three keys of four.
    const data = name === 'mask' ? values.map((value) => (value < 0.5 ? 1 : 0)) : values;
    return { name, shape, data };
  });
}

function tensorsOf(inputs: readonly Input[]): tf.NamedTensorMap {
  const tensors = inputs.map(({ name, data, shape }) => [name, tf.tensor(data, [...shape])]);
  return Object.fromEntries(tensors) as tf.NamedTensorMap;
}
