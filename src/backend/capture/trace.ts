/** What a call did: dispatches and plans, over values that are numbered in order of appearance. */
import type { DataId, Variable } from '@tensorflow/tfjs-core';
import type { WebGPUFusedBackend } from '../backend';
import type { TensorData } from '../host';
import type { PlanExecutor } from '../plan/executor';

/** Where a value of a trace comes from. */
export type Origin =
  | { readonly kind: 'input'; readonly index: number }
  /** Computed by a step of the trace. */
  | { readonly kind: 'made' }
  /** Uploaded during the call: the same elements each time. */
  | { readonly kind: 'constant'; readonly elements: ArrayLike<number> }
  /** Was there before the call: a weight, or whatever else the function closes over. */
  | { readonly kind: 'outside'; readonly dataId: DataId; readonly buffer: GPUBuffer };

/** A tensor from before the call that was read, on the GPU or on the host, as it was then. */
export interface Watched {
  readonly dataId: DataId;
  readonly data: TensorData;
  readonly resource: unknown;
  readonly values: unknown;
  /** Variables that had this value: assigning one leaves the value as it is, and takes another. */
  readonly variables: readonly Variable[];
}

/** Whether a tensor still is what it was when it was read. */
export function isUnchanged({ dataId, data, resource, values, variables }: Watched): boolean {
  const isThere = data.refCount > 0 && data.resource === resource;
  // Reading a tensor back keeps its elements on the host as well; that changes nothing.
  const isSame = resource != null || data.values === values;
  return isThere && isSame && variables.every((variable) => variable.dataId === dataId);
}

export interface TracedValue {
  readonly origin: Origin;
  readonly bytes: number;
}

/** A dispatch of a kernel of stock's. */
export interface TracedDispatch {
  readonly kind: 'dispatch';
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly workgroups: readonly [number, number, number];
  /** Belongs to the trace, and so does what is in it. */
  readonly uniforms: GPUBuffer;
  readonly uniformBytes: number;
  /** Elements of the uniforms, to compare calls by. */
  readonly uniformKey: string;
  readonly output: number;
  readonly inputs: readonly number[];
}

/** A run of a plan. */
export interface TracedPlan {
  readonly kind: 'plan';
  readonly executor: PlanExecutor;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

export type TracedStep = TracedDispatch | TracedPlan;

/** A result of the call: a value, under a shape and dtype of its own. */
export interface TracedResult {
  readonly value: number;
  readonly shape: number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
}

export interface Trace {
  readonly values: readonly TracedValue[];
  readonly steps: readonly TracedStep[];
  readonly results: readonly TracedResult[];
  readonly watched: readonly Watched[];
}

/** Gives back what a trace owns; its commands must have been submitted. */
export function releaseTrace({ steps }: Trace, backend: WebGPUFusedBackend): void {
  for (const step of steps) {
    if (step.kind === 'dispatch') backend.bufferManager.releaseBuffer(step.uniforms);
  }
}

/** Why two calls did not do the same, or null if they did. */
export function difference(a: Trace, b: Trace): string | null {
  if (a.steps.length !== b.steps.length || a.values.length !== b.values.length) {
    return 'it runs different kernels from call to call';
  }
  const isSameStep = a.steps.every((step, i) => isSame(step, b.steps[i]));
  const isSameResult = JSON.stringify(a.results) === JSON.stringify(b.results);
  if (!isSameStep || !isSameResult) return 'it runs different kernels from call to call';
  for (const [i, { origin }] of a.values.entries()) {
    const other = b.values[i].origin;
    if (origin.kind !== other.kind) return 'it reads different tensors from call to call';
    if (origin.kind === 'constant' && other.kind === 'constant') {
      if (!isEqual(origin.elements, other.elements)) {
        return 'it uploads different values from call to call (random numbers, or data of its own)';
      }
    }
    if (origin.kind === 'outside' && other.kind === 'outside' && origin.dataId !== other.dataId) {
      return 'it reads different tensors from call to call';
    }
  }
  return null;
}

function isSame(a: TracedStep, b: TracedStep): boolean {
  if (a.kind === 'plan') {
    return (
      b.kind === 'plan' &&
      a.executor === b.executor &&
      isEqual(a.inputs, b.inputs) &&
      isEqual(a.outputs, b.outputs)
    );
  }
  return (
    b.kind === 'dispatch' &&
    a.pipeline === b.pipeline &&
    a.uniformKey === b.uniformKey &&
    a.output === b.output &&
    isEqual(a.inputs, b.inputs) &&
    isEqual(a.workgroups, b.workgroups)
  );
}

function isEqual(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}
