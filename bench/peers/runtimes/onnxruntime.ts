/** ONNX Runtime Web with its WebGPU provider, in Node. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { onnxModel } from '../dialects/onnx';
import { inputValues } from '../input';
import { peerFolder } from '../packages';
import type { Runtime } from './runtime';

interface OrtTensor {
  readonly data: Float32Array;
  dispose(): void;
}

/** What is used of the package `onnxruntime-web`. */
interface Ort {
  readonly env: { logLevel: string; wasm: { numThreads: number; wasmBinary?: Uint8Array } };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => OrtTensor;
  readonly InferenceSession: {
    create(
      model: Uint8Array,
      options: { executionProviders: readonly string[]; graphOptimizationLevel: 'all' },
    ): Promise<{ run(feeds: Record<'x', OrtTensor>): Promise<Record<'y', OrtTensor>> }>;
  };
}

/**
 * The build that does not embed its WebAssembly; Node cannot fetch a file, so it is handed over.
 * What no WebGPU kernel takes would run on the processor; for these networks nothing does.
 */
export const onnxruntime: Runtime = {
  async open({ input, network }) {
    const dist = join(peerFolder('onnxruntime-web'), 'dist');
    const url = pathToFileURL(join(dist, 'ort.webgpu.min.mjs')).href;
    const { env, Tensor, InferenceSession } = (await import(url)) as Ort;
    env.logLevel = 'error';
    env.wasm.numThreads = 1;
    env.wasm.wasmBinary = readFileSync(join(dist, 'ort-wasm-simd-threaded.asyncify.wasm'));
    const session = await InferenceSession.create(onnxModel(network), {
      executionProviders: ['webgpu'],
      graphOptimizationLevel: 'all',
    });
    const values = inputValues(input);
    return {
      async run() {
        const x = new Tensor('float32', values, input);
        const { y } = await session.run({ x });
        const result = y.data;
        x.dispose();
        y.dispose();
        return result;
      },
    };
  },
};
