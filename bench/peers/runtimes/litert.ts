/** LiteRT.js on WebGPU or on the processor, in Node. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runInThisContext } from 'node:vm';
import { tfliteModel } from '../dialects/tflite';
import { inputValues } from '../input';
import { peerFolder } from '../packages';
import type { Runtime } from './runtime';

interface LiteRtTensor {
  moveTo(place: 'wasm'): Promise<LiteRtTensor>;
  toTypedArray(): Float32Array;
  delete(): void;
}

/** What is used of the package `@litertjs/core`. */
interface LiteRt {
  readonly Tensor: new (data: Float32Array, shape: readonly number[]) => LiteRtTensor;
  loadLiteRt(folder: string): Promise<unknown>;
  loadAndCompile(
    model: Uint8Array,
    options: { accelerator: Accelerator; gpuOptions: { precision: 'fp32' } },
  ): Promise<{
    /** Whether everything runs on what was asked for. */
    readonly isFullyAccelerated: boolean;
    run(x: LiteRtTensor): Promise<LiteRtTensor[]>;
  }>;
}

type Accelerator = 'webgpu' | 'wasm';

/** In single precision, as the others: by itself it computes in half of it where a device can. */
export function litert(accelerator: Accelerator): Runtime {
  return {
    async open({ input, network }) {
      const folder = peerFolder('@litertjs/core');
      beLikeWorker(folder);
      const url = pathToFileURL(join(folder, 'dist', 'index.js')).href;
      const { Tensor, loadLiteRt, loadAndCompile } = (await import(url)) as LiteRt;
      await loadLiteRt(`${join(folder, 'wasm')}/`);
      const model = await loadAndCompile(tfliteModel(network), {
        accelerator,
        gpuOptions: { precision: 'fp32' },
      });
      if (!model.isFullyAccelerated) throw new Error(`Not all of it runs on ${accelerator}.`);
      const values = inputValues(input);
      return {
        async run() {
          const x = new Tensor(values, input);
          const [y] = await model.run(x);
          const here = await y.moveTo('wasm');
          const result = here.toTypedArray().slice();
          x.delete();
          here.delete();
          return result;
        },
      };
    },
  };
}

/** Its loader asks a worker's `importScripts` for a script, which finds its own files as Node's modules do. */
function beLikeWorker(folder: string): void {
  Object.assign(globalThis, {
    self: globalThis,
    require: createRequire(join(folder, 'package.json')),
    __dirname: join(folder, 'wasm'),
    importScripts: (file: string) =>
      void runInThisContext(readFileSync(file, 'utf8'), { filename: file }),
  });
}
