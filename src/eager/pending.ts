/** What the backend keeps of tensors whose values are still to be computed, or that such wait for. */
import type { DataId } from '@tensorflow/tfjs-core';
import type { TensorData } from '../host/internals';
import type { Signature } from './signature';

/** The data of a tensor that has to do with queued invocations. */
export interface LazyData extends TensorData {
  lazy: LazyState;
}

export interface LazyState {
  readonly dataId: DataId;
  /** The invocation that will compute the value; null once it is there. */
  invocation: Invocation | null;
  /** Queued invocations that read it, each as often as it does. */
  holds: number;
  /** The engine has let go of it: it exists only for those who hold it. */
  hidden: boolean;
  /** Its number in the stream of that number. */
  slot: number;
  stream: number;
}

/** An invocation that waits. */
export interface Invocation {
  readonly signature: Signature;
  /** What it reads, undefined where an optional operand is absent. */
  readonly inputs: readonly (LazyData | undefined)[];
  readonly slots: readonly number[];
  readonly outputs: readonly LazyData[];
  /** Outputs that somebody may still ask for. */
  wanted: number;
}

/** A value that comes from outside a stream. */
export interface External {
  readonly data: LazyData;
  readonly slot: number;
  /** Known element of a scalar on the CPU: such travel together in one buffer. */
  readonly scalar: number | undefined;
}

/** The state of `data`, made when it first takes part. */
export function lazyData(data: TensorData & { lazy?: LazyState }, dataId: DataId): LazyData {
  data.lazy ??= { dataId, invocation: null, holds: 0, hidden: false, slot: -1, stream: -1 };
  return data as LazyData;
}

/** The state of data that takes part, or undefined. */
export function lazyState(data: TensorData | undefined): LazyState | undefined {
  return (data as Partial<LazyData> | undefined)?.lazy;
}
