/** One model in one variant: called with values from the host, as an app calls it. */
import * as tf from '@tensorflow/tfjs-core';
import { createValues, type InputValues } from '../models/inputs';
import { loadModel, type RunnableModel } from '../models/load';
import { selectModels } from '../models/zoo';
import { explain } from '../../src/graph-model';
import { loadOneDispatch, ONE_DISPATCH } from './one-dispatch';
import { poolBytes, pooled } from './storage';
import { activate, type Variant } from './variants';

/** What a model's plans, or the replay around them, say of their memory. */
export interface PlannedBytes {
  intermediates: number;
  lowerBound: number;
}

export class VariantSession {
  private constructor(
    readonly variant: Variant,
    readonly model: RunnableModel,
    private readonly values: readonly InputValues[],
  ) {}

  static async open(name: string, variant: Variant): Promise<VariantSession> {
    await activate(variant);
    const model =
      name === ONE_DISPATCH.name
        ? await loadOneDispatch()
        : await loadModel(selectModels([name])[0]);
    const values = model.entry.inputs.map((spec) => createValues(spec, 1));
    return new VariantSession(variant, model, values);
  }

  /** Makes its backend the active one. An app does that once: it is no part of a call. */
  activate(): Promise<void> {
    return activate(this.variant);
  }

  /**
   * Calls the model once and disposes of what comes back; the variant is the active one.
   *
   * @returns milliseconds from making the input tensors to the model's return and, with `read`, to
   *   the end of reading all outputs.
   */
  async call({ read }: { read: boolean }): Promise<{ jsMs: number; wallMs: number }> {
    const start = performance.now();
    const inputs = this.inputs();
    const running = this.model.run(inputs);
    const outputs = Array.isArray(running) ? running : await running;
    const returned = performance.now();
    if (read) await Promise.all(outputs.map((output) => output.data()));
    const end = performance.now();
    tf.dispose(inputs);
    tf.dispose(outputs);
    // The device frees what is done with, between calls, as between frames.
    await new Promise((resolve) => setImmediate(resolve));
    return { jsMs: returned - start, wallMs: end - start };
  }

  /** Bytes of intermediates that this variant holds; call it on a warm model, when it is active. */
  async intermediates(before: number): Promise<PlannedBytes | { intermediates: number }> {
    return this.variant === 'stock' ? this.pooled(before) : this.planned();
  }

  private planned(): PlannedBytes {
    if (!this.model.graph) throw new Error('Only graph models have plans.');
    const { capture, regions } = explain(this.model.graph);
    // One plan, a replay around several, or plans that know nothing of each other.
    const known = capture.memory
      ? [capture.memory]
      : regions.flatMap(({ plan }) => plan?.memory ?? []);
    return {
      intermediates: known.reduce((sum, { allocated }) => sum + allocated, 0),
      lowerBound: known.reduce((sum, { lowerBound }) => sum + lowerBound, 0),
    };
  }

  /** Stock: what its pool has more than before, less weights, inputs and outputs. */
  private async pooled(before: number): Promise<{ intermediates: number }> {
    const { tensorMap } = pooled(tf.backend());
    const weights = Object.values(this.model.graph?.weights ?? {}).flat();
    const resident = weights.filter(({ dataId }) => tensorMap.get(dataId)?.resource);
    const inputs = this.inputs();
    const outputs = await this.model.run(inputs);
    const apart = [...resident, ...Object.values(inputs), ...outputs];
    const bytes = apart.reduce((sum, { size }) => sum + 4 * size, 0);
    const intermediates = poolBytes(tf.backend()) - before - bytes;
    tf.dispose(inputs);
    tf.dispose(outputs);
    return { intermediates };
  }

  /** Bytes that a call uploads. */
  get inputBytes(): number {
    return 4 * this.values.reduce((sum, { length }) => sum + length, 0);
  }

  private inputs(): tf.NamedTensorMap {
    const specs = this.model.entry.inputs;
    return Object.fromEntries(
      specs.map(({ name, shape, dtype }, at) => [name, tf.tensor(this.values[at], shape, dtype)]),
    );
  }
}
