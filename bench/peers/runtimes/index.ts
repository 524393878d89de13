/** The runtimes that are compared, and what each needs. */
import type { PeerPackage } from '../packages';
import { jax } from './jax';
import { litert } from './litert';
import { onnxruntime } from './onnxruntime';
import type { Runtime } from './runtime';
import { tfjs } from './tfjs';

export interface RuntimeEntry {
  readonly label: string;
  readonly runtime: Runtime;
  readonly packages: readonly PeerPackage[];
  /** On the processor: no measure of what a device can do. */
  readonly isHost?: boolean;
}

const LITERT = ['@litertjs/core', '@litertjs/wasm-utils', 'flatbuffers'] as const;

export const OURS = 'ours';
export const STOCK_RUNTIME = 'stock';

/** The first one is what the others are measured against. */
export const RUNTIMES = {
  ours: { label: 'webgpu-fused', runtime: tfjs('webgpu-fused'), packages: [] },
  stock: { label: 'stock webgpu', runtime: tfjs('webgpu'), packages: [] },
  onnxruntime: {
    label: 'ONNX Runtime Web',
    runtime: onnxruntime,
    packages: ['onnxruntime-web', 'onnx-proto', 'protobufjs'],
  },
  jax: { label: 'jax-js', runtime: jax, packages: ['@jax-js/jax'] },
  litert: { label: 'LiteRT.js', runtime: litert('webgpu'), packages: LITERT },
  litertWasm: {
    label: 'LiteRT.js, wasm',
    runtime: litert('wasm'),
    packages: LITERT,
    isHost: true,
  },
} as const satisfies Record<string, RuntimeEntry>;

export type RuntimeName = keyof typeof RUNTIMES;

/** Computes the results that all others are judged by. */
export const REFERENCE: Runtime = tfjs('cpu');
