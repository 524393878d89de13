/** One model on one backend: runs it, reads it back, times it. */
import * as tf from '@tensorflow/tfjs-core';
import { createInputs } from '../models/inputs';
import { loadModel, type RunnableModel } from '../models/load';
import type { ModelEntry } from '../models/types';
import { useBackend } from './backends';

/** One output, read back. */
export interface OutputValues {
  name: string;
  shape: number[];
  dtype: tf.DataType;
  values: Float32Array | Int32Array | Uint8Array | string[];
}

/** The time of one inference. */
export interface InferenceTime {
  /** From the call to its return: JavaScript, while the GPU works on. */
  jsMs: number;
  /** From the call until every output has been read back. */
  wallMs: number;
}

/** A loaded model with its inputs resident on its backend. */
export class ModelSession {
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
    const start = performance.now();
    const running = this.model.run(this.inputs);
    const outputs = Array.isArray(running) ? running : await running;
    const returned = performance.now();
    await Promise.all(outputs.map((output) => output.data()));
    const end = performance.now();
    tf.dispose(outputs);
    return { jsMs: returned - start, wallMs: end - start };
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

/** Reads outputs back and disposes of them. */
export async function readOutputs(
  { outputNames }: RunnableModel,
  outputs: tf.Tensor[],
): Promise<OutputValues[]> {
  const read = outputs.map(async (output, index): Promise<OutputValues> => {
    const { shape, dtype } = output;
    const values = (await output.data()) as OutputValues['values'];
    return { name: outputNames[index], shape, dtype, values: values.slice() };
  });
  const values = await Promise.all(read);
  tf.dispose(outputs);
  return values;
}

/** Moves inputs to the GPU now: small ones would otherwise be computed on by the CPU. */
export function uploadInputs(inputs: tf.NamedTensorMap): void {
  const backend = tf.backend() as { uploadToGPU?(dataId: object): void };
  for (const input of Object.values(inputs)) {
    if (input.dtype !== 'string') backend.uploadToGPU?.(input.dataId);
  }
}

function residentInputs(entry: ModelEntry, seed: number): tf.NamedTensorMap {
  const inputs = createInputs(entry, seed);
  uploadInputs(inputs);
  return inputs;
}
