/** What a call did: dispatches and plans, over values that are numbered in order of appearance. */
import type { DataId, Variable } from '@tensorflow/tfjs-core';
import type { PlanDevice } from '../runtime/plan-device';
import type { TensorData } from '../host/internals';
import type { ReplayablePlan } from '../runtime/call-observer';

/** Where a value of a call comes from. */
export type Origin =
  | { readonly kind: 'input'; readonly index: number }
  /** Computed by a step of the call. */
  | { readonly kind: 'made' }
  /** Uploaded during the call: the same elements each time. */
  | { readonly kind: 'constant'; readonly elements: ArrayLike<number> }
  /** Was there before the call: a weight, or whatever else the function closes over. */
  | { readonly kind: 'outside'; readonly dataId: DataId; readonly buffer: GPUBuffer };

/** A tensor from before the call that was read, on the GPU or on the host, as it was then. */
export interface GuardedTensor {
  readonly dataId: DataId;
  readonly data: TensorData;
  readonly resource: unknown;
  readonly values: unknown;
  /** Of a scalar on the host: a kernel may have taken it for a number. */
  readonly element: number | undefined;
  /** Variables that had this value: assigning one leaves the value as it is, and takes another. */
  readonly variables: readonly Variable[];
}

/** The number that is a tensor of one element on the host. */
export function elementOf({ values, resource }: TensorData): number | undefined {
  const elements = values as ArrayLike<number> | null | undefined;
  return resource == null && elements?.length === 1 ? elements[0] : undefined;
}

/** Whether a tensor still is what it was when it was read. */
export function isUnchanged(guarded: GuardedTensor): boolean {
  const { dataId, data, resource, values, element, variables } = guarded;
  const isThere = data.refCount > 0 && data.resource === resource;
  // Reading a tensor back keeps its elements on the host as well; that changes nothing.
  const isSame =
    resource != null || (data.values === values && Object.is(elementOf(data), element));
  return isThere && isSame && variables.every((variable) => variable.dataId === dataId);
}

export interface WatchedValue {
  readonly origin: Origin;
  readonly bytes: number;
}

/** A dispatch of a kernel of stock's. */
export interface WatchedDispatch {
  readonly kind: 'dispatch';
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly workgroups: readonly [number, number, number];
  /** Belongs to the call, and so does what is in it. */
  readonly uniforms: GPUBuffer;
  readonly uniformBytes: number;
  /** Elements of the uniforms, to compare calls by. */
  readonly uniformKey: string;
  readonly output: number;
  readonly inputs: readonly number[];
}

/** A run of a plan. */
export interface WatchedPlan {
  readonly kind: 'plan';
  readonly executor: ReplayablePlan;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

export type WatchedStep = WatchedDispatch | WatchedPlan;

/** A result of the call: a value, under a shape and dtype of its own. */
export interface WatchedResult {
  readonly value: number;
  readonly shape: number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
}

export interface WatchedCall {
  readonly values: readonly WatchedValue[];
  readonly steps: readonly WatchedStep[];
  readonly results: readonly WatchedResult[];
  readonly guarded: readonly GuardedTensor[];
}

/** Gives back what a watched call owns; its commands must have been submitted. */
export function releaseWatched({ steps }: WatchedCall, backend: PlanDevice): void {
  for (const step of steps) {
    if (step.kind === 'dispatch') backend.bufferManager.releaseBuffer(step.uniforms);
  }
}

/** Why two calls did not do the same, or null if they did. */
export function difference(a: WatchedCall, b: WatchedCall): string | null {
  if (a.steps.length !== b.steps.length || a.values.length !== b.values.length) {
    return 'it runs different kernels from call to call';
  }
  const isSameStep = a.steps.every((step, i) => isSame(step, b.steps[i]));
  const isSameResult = JSON.stringify(a.results) === JSON.stringify(b.results);
  if (!isSameStep || !isSameResult) return 'it runs different kernels from call to call';
  const ids = a.guarded.map(({ dataId }) => dataId);
  if (ids.length !== b.guarded.length || b.guarded.some(({ dataId }, i) => dataId !== ids[i])) {
    return 'it reads different tensors from call to call';
  }
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

function isSame(a: WatchedStep, b: WatchedStep): boolean {
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
