/** One model on one backend of the page. */
import * as tf from '@tensorflow/tfjs-core';
import { explain, warmup, type ModelExplanation } from 'tfjs-backend-webgpu-fused';
import { loadRunnable, type RunnableEntry, type RunnableModel } from '../../bench/models/runnable';
import type { InputSpec } from '../../bench/models/types';
import { takeGpuErrors } from '../../src/measure/gpu-errors';
import { readOutputs, type OutputValues } from '../../src/measure/inference';
import type { BackendName } from './backend-names';
import { useBackend } from './backends';
import { bytesHeld, takeDispatches } from './counters';

/** Elements of each input, in the model's order. */
export type Values = readonly (Float32Array | Int32Array | Uint8Array | string[])[];

/** What runs: a model, and where it is read from. */
export interface Source {
  entry: Omit<RunnableEntry, 'inputs'> & { inputs: readonly Omit<InputSpec, 'content'>[] };
  handler(): tf.io.IOHandler;
}

/** One run, and what it took. */
export interface Look {
  outputs: OutputValues[];
  /** From arrays to arrays. */
  frameMs: number;
  /** Until the call returned: JavaScript, while the GPU works on. */
  jsMs: number;
  /** Draw calls on `webgl`; none on `wasm`. */
  dispatches: number;
  /** What the backend holds afterwards. */
  bytes: number;
}

export class Contender {
  private constructor(
    readonly backend: BackendName,
    private readonly model: RunnableModel<RunnableEntry>,
  ) {}

  /** Loads a model on a backend, and compiles what can be compiled ahead. */
  static async load(
    source: Source,
    backend: BackendName,
    onProgress: (text: string) => void,
  ): Promise<Contender> {
    await useBackend(backend);
    onProgress(`Loading the model on ${backend} …`);
    const model = await loadRunnable(source.entry as RunnableEntry, source.handler());
    onProgress(`Compiling for ${backend} …`);
    const { graph } = model;
    if (graph && backend === 'webgpu-fused') {
      const inputs = Object.fromEntries(
        source.entry.inputs
          .filter(({ dtype }) => dtype !== 'string')
          .map(({ name, shape }) => [name, shape]),
      );
      await warmup(graph, {
        inputs,
        onProgress: ({ progress, text }) => onProgress(`${Math.round(100 * progress)} % ${text}`),
      });
    }
    return new Contender(backend, model);
  }

  async look(values: Values): Promise<Look> {
    await useBackend(this.backend);
    takeDispatches();
    const start = performance.now();
    const specs = this.model.entry.inputs;
    const inputs = Object.fromEntries(
      specs.map(({ name, shape, dtype }, at) => [name, tf.tensor(values[at], shape, dtype)]),
    );
    try {
      const running = this.model.run(inputs);
      const results = Array.isArray(running) ? running : await running;
      const jsMs = performance.now() - start;
      const outputs = await readOutputs(this.model, results);
      const frameMs = performance.now() - start;
      const [refused] = takeGpuErrors();
      if (refused !== undefined) throw new Error(`WebGPU refused: ${refused}`);
      return { outputs, frameMs, jsMs, dispatches: takeDispatches(), bytes: bytesHeld() };
    } finally {
      tf.dispose(inputs);
    }
  }

  /** What was fused; of a graph model on `webgpu-fused` that has run. */
  explain(): ModelExplanation | undefined {
    const { graph } = this.model;
    return graph && this.backend === 'webgpu-fused' ? explain(graph) : undefined;
  }

  dispose(): void {
    this.model.dispose();
  }
}
