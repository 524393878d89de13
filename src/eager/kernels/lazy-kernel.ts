/** How a tfjs kernel is said in primitives: one entry of the table of kernels that can wait. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { GraphBuilder } from '../../ir/builder';
import type { Attrs, DType, Shape, Value } from '../../ir/graph';
import { demand, RefusedError, refuse } from '../../ir/infer/refused';

/** A tfjs kernel that can be queued and run later. */
export interface LazyKernel {
  readonly kernel: string;
  /** Names of its inputs, in the order in which `lower` gets them; absent where tfjs passes an array. */
  readonly inputs?: readonly string[];
  /** It answers with an array, of one element too. */
  readonly hasManyOutputs?: boolean;
  /** Stock computes it on the CPU where its inputs are few and live there; so do we. */
  readonly onCpu?: boolean;
  /** Says one invocation in primitives, or throws `RefusedError`: then stock runs it. */
  lower(call: KernelCall): Value | readonly Value[];
}

/** A kernel of this package, which stock does not have. */
export interface ComposedKernel extends LazyKernel {
  /** Computes it with tfjs's ops; operands in the order of `inputs`, absent ones undefined. */
  compose(operands: readonly (Tensor | undefined)[], attrs: Attrs): Tensor[];
}

export function isComposed(kernel: LazyKernel): kernel is ComposedKernel {
  return 'compose' in kernel;
}

/** Thrown where stock passes its input on without computing anything, so that there is nothing to fuse. */
export class NothingToCompute extends RefusedError {
  constructor() {
    super('it computes nothing');
  }
}

/** Leaves an invocation to stock because stock answers with the input itself. */
export function passOnIf(condition: boolean): void {
  if (condition) throw new NothingToCompute();
}

/** One invocation: its operands in the graph, its attributes, and the builder. */
export class KernelCall {
  constructor(
    readonly b: GraphBuilder,
    readonly inputs: readonly (Value | undefined)[],
    readonly attrs: Attrs,
  ) {}

  /** Operand `at`, which must be there. */
  input(at: number): Value {
    return this.inputs[at] ?? refuse(`input ${at} is missing`);
  }

  /** All operands of a kernel that takes an array. */
  all(): Value[] {
    return this.inputs.map((_, at) => this.input(at));
  }

  attr<T>(name: string): T {
    return this.attrs[name] as T;
  }

  /** Both operands in the type that tfjs computes a mixed pair in. */
  matchedPair(a: number, b: number): [Value, Value] {
    const [x, y] = [this.input(a), this.input(b)];
    const dtype = upcast(x.dtype, y.dtype);
    return [this.b.cast(x, dtype), this.b.cast(y, dtype)];
  }

  /** A value of one repeated element. */
  fill(shape: Shape, value: number, dtype: DType): Value {
    return this.b.broadcastTo(this.b.scalar(value, dtype), shape);
  }
}

/** The type that holds values of both. */
export function upcast(a: DType, b: DType): DType {
  if (a === b) return a;
  return a === 'float32' || b === 'float32' ? 'float32' : 'int32';
}

/** The IR's name of a tfjs type; refuses complex64 and string. */
export function irType(dtype: unknown): DType {
  demand(isIrType(dtype), () => `${String(dtype)} has no form in the IR`);
  return dtype as DType;
}

export function isIrType(dtype: unknown): dtype is DType {
  return dtype === 'float32' || dtype === 'int32' || dtype === 'bool';
}
