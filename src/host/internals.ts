/**
 * Everything private of tfjs that this package relies on, in one place.
 * `test/gpu/host/internals.test.ts` fails if a tfjs version changes any of it.
 */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import {
  engine,
  type DataId,
  type DataType,
  type KernelConfig,
  type TensorInfo,
} from '@tensorflow/tfjs-core';

/** The texture of a tensor, which it has until it is disposed of, or else until the task ends. */
export interface Frame {
  readonly texture: GPUTexture | GPUExternalTexture;
  readonly isExternal: boolean;
  readonly shape: readonly number[];
  /** What stock's kernel reads: it owns the texture. */
  readonly source: TensorInfo;
  /** Launches that kernel, which writes the elements. */
  readonly launch: (output: TensorInfo) => void;
}

/** What `WebGPUBackend` keeps of a tensor. */
export interface TensorData {
  values: unknown;
  dtype: DataType;
  shape: number[];
  refCount: number;
  resource?: GPUBuffer | GPUTexture | GPUExternalTexture | null;
  /** Its elements as a texture: see `host/frames.ts`. */
  frame?: Frame;
  /** The buffer is the app's own (`zeroCopy`), who may write to it. */
  external?: boolean;
}

/** Private members of `WebGPUBackend` 4.22. */
export interface WebGPUInternals {
  commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: GPUComputePassEncoder | null;
  commandQueueOwnedIds: WeakSet<DataId>;
  dispatchCountInPass: number;
  activeTimers: ({ name: string; query: Promise<number> } | unknown[])[] | null | undefined;
  supportTimestampQuery: boolean;
  querySet: GPUQuerySet | null;
  readonly querySetCount: number;
  /** Stock's pipelines by the key of their program. */
  pipelineCache: Record<string, GPUComputePipeline | Promise<GPUComputePipeline>>;
  getQueryTime(): Promise<number>;
  /** Gives what a tensor has on the device back to a pool. */
  releaseResource(dataId: DataId): void;
  /** Uniform buffers that go back to the pool with the next submit. */
  uniformPendingDisposal: GPUBuffer[];
  /** Writes the uniforms of a program into a buffer of the pool. */
  makeUniforms(uniforms: { type: string; data: number[] }[]): {
    offset: number;
    size: number;
    buffer: GPUBuffer;
  };
}

/** Private members of stock's pool of buffers. */
export interface BufferPoolInternals {
  /** By size and usage. */
  readonly freeBuffers: Map<string, GPUBuffer[]>;
  readonly usedBuffers: Map<string, readonly GPUBuffer[]>;
  numFreeBuffers: number;
}

/** Private members of stock's pool of textures. */
export interface TexturePoolInternals {
  /** By width, height, format and usage. */
  readonly freeTextures: Map<string, GPUTexture[]>;
  readonly usedTextures: Map<string, readonly GPUTexture[]>;
  numFreeTextures: number;
}

/** What stock's `runWebGPUProgram` leaves in a program that it has run. */
export interface LaunchedProgram {
  readonly pipeline: GPUComputePipeline;
  readonly dispatch: readonly [number, number, number];
}

export function internalsOf(backend: WebGPUBackend): WebGPUInternals {
  return backend as unknown as WebGPUInternals;
}

/** The tensor data a backend holds; moves it there if another backend has it. */
export function tensorData(backend: WebGPUBackend, dataId: DataId): TensorData {
  return backend.tensorMap.get(dataId);
}

/** The backend that holds a tensor's data, as tfjs's engine keeps it. */
export function backendOf(dataId: DataId): unknown {
  const { state } = engine() as unknown as {
    state: { tensorInfo: WeakMap<DataId, { backend: unknown }> };
  };
  return state.tensorInfo.get(dataId)?.backend;
}

/** What tfjs's engine keeps of backends. */
export interface EngineInternals {
  /** The backend that was asked for last; it may still be initialising, or have failed to. */
  backendName: string | null;
  /** The initialisation that runs; null while none does. */
  pendingBackendInit: Promise<boolean> | null;
  /** Numbers the initialisations; what becomes of one that is not the latest is ignored. */
  pendingBackendInitId: number;
  /** Names of backends, those of the highest priority first. */
  getSortedBackends(): string[];
  /** Chooses a backend for a caller who does not wait. */
  initializeBackendsAndReturnBest(): { name: string; asyncInit: boolean };
}

export function engineInternals(): EngineInternals {
  return engine() as unknown as EngineInternals;
}

/** tfjs's table of kernels, keyed by `backend_kernel`; undefined if it is not where it was. */
export function kernelRegistry(): Map<string, KernelConfig> | undefined {
  const { _tfGlobals: globals } = globalThis as { _tfGlobals?: Map<string, unknown> };
  return globals?.get('kernelRegistry') as Map<string, KernelConfig> | undefined;
}
