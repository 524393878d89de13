/** One inference of a warm model: run, read back, timed. */
import {
  backend,
  dispose,
  type DataType,
  type NamedTensorMap,
  type Tensor,
} from '@tensorflow/tfjs-core';

/** One output, read back. */
export interface OutputValues {
  name: string;
  shape: number[];
  dtype: DataType;
  values: Float32Array | Int32Array | Uint8Array | string[];
}

/** The time of one inference. */
export interface InferenceTime {
  /** From the call to its return: JavaScript, while the GPU works on. */
  jsMs: number;
  /** From the call until every output has been read back. */
  wallMs: number;
}

/** Something that can be run again and again on a backend of its own. */
export interface Inferring {
  /** Makes its backend the active one; `infer` expects that. */
  activate(): Promise<void>;
  /** Runs once and reads everything back. */
  infer(): Promise<InferenceTime>;
}

/** Runs a model once, reads everything back, and disposes of it. */
export async function timeInference(
  run: () => Tensor[] | Promise<Tensor[]>,
): Promise<InferenceTime> {
  const start = performance.now();
  const running = run();
  const outputs = Array.isArray(running) ? running : await running;
  const returned = performance.now();
  await Promise.all(outputs.map((output) => output.data()));
  const end = performance.now();
  dispose(outputs);
  return { jsMs: returned - start, wallMs: end - start };
}

/** Reads outputs back and disposes of them. */
export async function readOutputs(
  { outputNames }: { readonly outputNames: readonly string[] },
  outputs: Tensor[],
): Promise<OutputValues[]> {
  const read = outputs.map(async (output, index): Promise<OutputValues> => {
    const { shape, dtype } = output;
    const values = (await output.data()) as OutputValues['values'];
    return { name: outputNames[index], shape, dtype, values: values.slice() };
  });
  const values = await Promise.all(read);
  dispose(outputs);
  return values;
}

/** Moves inputs to the GPU now: small ones would otherwise be computed on by the CPU. */
export function uploadInputs(inputs: NamedTensorMap): void {
  const active = backend() as { uploadToGPU?(dataId: object): void };
  for (const input of Object.values(inputs)) {
    if (input.dtype !== 'string') active.uploadToGPU?.(input.dataId);
  }
}
