/**
 * What one invocation of a kernel is, apart from which tensors it reads: kernel, attributes, shapes
 * and dtypes of its operands. Known ones are found without allocating, and tell at once what the
 * kernel would answer: the shape and dtype of its outputs, or why it cannot wait.
 */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { GraphBuilder } from '../ir/builder';
import type { Attrs, DType, Shape, Value, ValueSpec } from '../ir/graph';
import { RefusedError } from '../ir/infer/refused';
import { findUnsupported, type FusionTables } from '../patterns/fuser/index';
import { unsoundCallsOf, unsoundness } from '../host/unsound-kernels';
import { IntSequence, SequenceMap } from './int-sequence';
import { NothingToCompute, type LazyKernel } from './kernels';

export interface Signature {
  /** Never given twice. */
  readonly id: number;
  readonly kernel: LazyKernel;
  /** The same for invocations that differ in sizes and attributes only. */
  readonly kind: number;
  readonly attrs: Attrs;
  /** Operands, undefined where an optional one is absent. */
  readonly inputs: readonly (ValueSpec | undefined)[];
  readonly outputs: readonly ValueSpec[];
  /** Why stock has to run it; '' where stock answers with its input. Set when its kernel is found wrong. */
  refusal: string | null;
  /** Stock's kernel cannot be trusted with it: it runs by a plan, however seldom it comes. */
  readonly isUnsound: boolean;
}

/** Distinct invocations remembered: a hundred sizes of some large programs'. Beyond it all are forgotten. */
const MAX_SIGNATURES = 16384;

/** Operands as they come: undefined where an optional one is absent. */
export type OperandInfos = readonly (TensorInfo | undefined)[];

const TYPE_CODES: Readonly<Record<string, number>> = { float32: 1, int32: 2, bool: 3 };

/** A small number for each dtype that can wait; undefined for the others. */
export function typeCode(dtype: string): number | undefined {
  return TYPE_CODES[dtype];
}

export class SignatureTable {
  private readonly known = new SequenceMap<Signature>();
  private readonly key = new IntSequence();
  private readonly names = new Map<string, number>();
  private nextId = 0;

  /** @param onForget called when ids of known signatures will not come again. */
  constructor(
    private readonly tables: FusionTables,
    private readonly onForget: () => void,
  ) {}

  /** The key of an invocation, until the next one is asked for; undefined if an attribute has none. */
  keyOf(
    kernel: LazyKernel,
    operands: OperandInfos,
    attrs: Attrs | undefined,
  ): IntSequence | undefined {
    const { key } = this;
    key.clear();
    key.push(this.nameId(kernel.kernel));
    key.push(operands.length);
    for (const operand of operands) {
      if (operand === undefined) {
        key.push(-1);
        continue;
      }
      key.push(typeCode(operand.dtype) ?? 0);
      key.push(operand.shape.length);
      for (const dim of operand.shape) key.push(dim);
    }
    for (const name in attrs) {
      key.push(this.nameId(name));
      if (!this.pushAttr(attrs[name])) return undefined;
    }
    return key;
  }

  /** The signature of an invocation seen before. */
  find(key: IntSequence): Signature | undefined {
    return this.known.get(key);
  }

  /** The signature of an invocation that has none yet. */
  add(
    key: IntSequence,
    kernel: LazyKernel,
    operands: OperandInfos,
    attrs: Attrs | undefined,
  ): Signature {
    if (this.known.size >= MAX_SIGNATURES) {
      this.known.clear();
      this.onForget();
    }
    const made = this.describe(kernel, operands, attrs ?? {});
    this.known.add(key, made);
    return made;
  }

  private kindOf({ kernel }: LazyKernel, operands: OperandInfos): number {
    const kind = new IntSequence();
    kind.push(this.nameId(kernel));
    for (const operand of operands) {
      kind.push(operand ? (typeCode(operand.dtype) ?? 0) : -1);
      kind.push(operand?.shape.length ?? -1);
    }
    return kind.hash;
  }

  private pushAttr(value: unknown): boolean {
    switch (typeof value) {
      case 'number':
        this.key.push(1);
        this.key.pushNumber(value);
        return true;
      case 'boolean':
        this.key.push(value ? 2 : 3);
        return true;
      case 'string':
        this.key.push(4);
        this.key.push(this.nameId(value));
        return true;
      case 'undefined':
        this.key.push(5);
        return true;
      case 'object':
        return this.pushObject(value);
      default:
        return false;
    }
  }

  private pushObject(value: object | null): boolean {
    if (value === null) {
      this.key.push(6);
      return true;
    }
    if (!Array.isArray(value)) return false;
    this.key.push(7);
    this.key.push(value.length);
    for (const element of value) if (!this.pushAttr(element)) return false;
    return true;
  }

  private nameId(name: string): number {
    let id = this.names.get(name);
    if (id === undefined) {
      id = this.names.size;
      this.names.set(name, id);
    }
    return id;
  }

  private describe(kernel: LazyKernel, operands: OperandInfos, attrs: Attrs): Signature {
    const inputs = operands.map(
      (operand) => operand && { shape: operand.shape.slice(), dtype: operand.dtype as DType },
    );
    const present = inputs.filter((input) => input !== undefined) as TensorInfo[];
    const rows = unsoundCallsOf(kernel.kernel) ?? [];
    const limits = { maxStorageBuffersPerShaderStage: this.tables.maxStorageBuffers };
    const signature = {
      id: this.nextId++,
      kernel,
      kind: this.kindOf(kernel, operands),
      attrs: structuredClone(attrs),
      inputs,
      isUnsound: unsoundness(rows, present, attrs, limits) !== null,
    };
    try {
      const b = new GraphBuilder();
      const values = inputs.map((input) => input && b.input(input));
      const outputs = lowerInvocation(b, signature, values);
      const unsupported = findUnsupported(b.graph, this.tables);
      const refusal = unsupported ? unsupported.reason : null;
      return { ...signature, outputs: outputs.map(specOf), refusal };
    } catch (error) {
      return { ...signature, outputs: [], refusal: reasonOf(error) };
    }
  }
}

function specOf({ shape, dtype }: Value): ValueSpec {
  return { shape, dtype };
}

/** Any error: the stock kernel, which runs then, will raise its own. */
function reasonOf(error: unknown): string {
  if (error instanceof NothingToCompute) return '';
  if (error instanceof RefusedError) return error.reason;
  return error instanceof Error ? error.message : String(error);
}

/** What an invocation comes to: new values, or one that exists already, as an operand or a number. */
export function lowerInvocation(
  b: GraphBuilder,
  { kernel, attrs }: Pick<Signature, 'kernel' | 'attrs'>,
  inputs: readonly (Value | undefined)[],
): readonly Value[] {
  const lowered = kernel.lower(b, inputs, attrs);
  return Array.isArray(lowered) ? (lowered as readonly Value[]) : [lowered as Value];
}

/**
 * A value as a result of its own, for somebody to keep: a copy, where it is from outside, or a result already.
 *
 * @param taken the results so far; the new one is added.
 */
export function resultOf(b: GraphBuilder, value: Value, taken: Set<Value>): Value {
  const isOwn = value.producer !== undefined && !taken.has(value);
  const result = isOwn ? value : copyOf(b, value);
  taken.add(result);
  return result;
}

function copyOf(b: GraphBuilder, value: Value): Value {
  return b.graph.node('Reshape', [value], {}, [specOf(value)], b.origins).outputs[0];
}

/** `value` under another shape and dtype, as tfjs's tensors may show the data they share. */
export function viewOf(b: GraphBuilder, value: Value, shape: Shape, dtype: DType): Value {
  return b.cast(b.reshape(value, shape), dtype);
}
