/** One model on one backend: runs it, reads it back, times it. */
import * as tf from '@tensorflow/tfjs-core';
import { createInputs } from '../models/inputs';
import { loadModel, type RunnableModel } from '../models/load';
import type { ModelEntry } from '../models/types';
import {
  readOutputs,
  timeInference,
  uploadInputs,
  type InferenceTime,
  type Inferring,
  type OutputValues,
} from '../../src/measure/inference';
import { useBackend } from './backends';

/** A loaded model with its inputs resident on its backend. */
export class ModelSession implements Inferring {
  private constructor(
    readonly backend: string,
    readonly model: RunnableModel,
    readonly loadMs: number,
    private readonly inputs: tf.NamedTensorMap,
  ) {}

  /** Loads the model on a backend and uploads inputs made from the seed. */
  static async open(entry: ModelEntry, backend: string, seed: number): Promise<ModelSession> {
    await useBackend(backend);
    const start = performance.now();
    const model = await loadModel(entry);
    const loadMs = performance.now() - start;
    return new ModelSession(backend, model, loadMs, residentInputs(entry, seed));
  }

  /** Makes this session's backend the active one; the other methods expect that. */
  async activate(): Promise<void> {
    await useBackend(this.backend);
  }

  /** Runs once and reads everything back. */
  async infer(): Promise<InferenceTime> {
    return timeInference(() => this.model.run(this.inputs));
  }

  /** Runs once, on inputs of another seed if one is given, and keeps the values. */
  async outputs(seed?: number): Promise<OutputValues[]> {
    const inputs = seed === undefined ? this.inputs : residentInputs(this.model.entry, seed);
    const values = await readOutputs(this.model, await this.model.run(inputs));
    if (inputs !== this.inputs) tf.dispose(inputs);
    return values;
  }

  /** Frees the weights and inputs. */
  dispose(): void {
    tf.dispose(this.inputs);
    this.model.dispose();
  }
}

function residentInputs(entry: ModelEntry, seed: number): tf.NamedTensorMap {
  const inputs = createInputs(entry, seed);
  uploadInputs(inputs);
  return inputs;
}
