/** One model on one backend in the demo. */
import * as tf from '@tensorflow/tfjs-core';
import { useBackend } from '../../bench/harness/backends';
import { warmUp } from '../../bench/harness/fused-api';
import type { GpuInstrument } from '../../src/measure/instrument';
import { readOutputs, uploadInputs, type OutputValues } from '../../src/measure/inference';
import { loadModel, type RunnableModel } from '../../bench/models/load';
import type { ModelEntry } from '../../bench/models/types';
import type { Fitted } from './resample';

/** A model on a backend. */
export class Contender {
  private constructor(
    readonly backend: string,
    readonly model: RunnableModel,
  ) {}

  /** Loads a model on a backend. */
  static async load(entry: ModelEntry, backend: string): Promise<Contender> {
    await useBackend(backend);
    return new Contender(backend, await loadModel(entry));
  }

  /** Compiles the model ahead of its first call. */
  async warmUp(onProgress: (text: string) => void): Promise<void> {
    const { graph, entry } = this.model;
    if (!graph) return;
    await useBackend(this.backend);
    const inputs = Object.fromEntries(entry.inputs.map(({ name, shape }) => [name, shape]));
    await warmUp(graph, {
      inputs,
      onProgress: ({ progress, text }) => onProgress(`${Math.round(100 * progress)} % ${text}`),
    });
  }

  /** Puts a picture where this model reads it. */
  async upload({ values }: Fitted): Promise<tf.NamedTensorMap> {
    await useBackend(this.backend);
    const [{ name, shape, dtype }] = this.model.entry.inputs;
    const elements = dtype === 'int32' ? Int32Array.from(values) : values;
    const inputs = { [name]: tf.tensor(elements, shape, dtype) };
    uploadInputs(inputs);
    return inputs;
  }

  /** Runs the model and reads every output. */
  async run(inputs: tf.NamedTensorMap): Promise<OutputValues[]> {
    await useBackend(this.backend);
    return readOutputs(this.model, await this.model.run(inputs));
  }

  /** Milliseconds of a run, outputs read. */
  async time(inputs: tf.NamedTensorMap): Promise<number> {
    await useBackend(this.backend);
    const start = performance.now();
    await readOutputs(this.model, await this.model.run(inputs));
    return performance.now() - start;
  }

  /** Dispatches of a run. */
  async countDispatches(inputs: tf.NamedTensorMap, instrument: GpuInstrument): Promise<number> {
    instrument.start();
    await this.run(inputs);
    return instrument.read().dispatches;
  }

  /** Frees the model. */
  dispose(): void {
    this.model.dispose();
  }
}
