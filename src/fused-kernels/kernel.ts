/** What the fuser hands to a kernel, and what every kernel generator implements. */
import type { Node, Value } from '../ir/graph';
import type { KernelGroup } from '../ir/kernel-group';
import type { KernelTarget } from './target';
import type { Storage } from './wgsl/inliner';
import type { ShaderProgram } from './wgsl/kernel-writer';

export type { KernelTarget } from './target';

export interface KernelRequest {
  readonly group: KernelGroup;
  readonly target: KernelTarget;
  /** Where a value can be loaded from or stored to; null if the kernel computes it itself. */
  storage(value: Value): Storage | null;
  /** What is known of kernels like this one; in the end it holds what this one came to. */
  readonly hints?: KernelHints;
}

/** Along which axis of a product an operand is loaded by the vector: that of the sum, or rows or columns. */
export type LaneAxis = 'depth' | 'span';

/** What writing a kernel finds out on the way, and need not where one like it was written before. */
export interface KernelHints {
  /** Buffers that are read or written element by element: where the emission begins. */
  readonly scalarBuffers: Set<Value>;
  /** Of a product's operands; another choice costs speed only. */
  axes?: readonly LaneAxis[];
}

/** A family of kernels: the anchors it serves and how it writes their shader. */
export interface FusedKernel {
  readonly name: string;
  readonly anchors: readonly string[];
  /** A reason why this invocation cannot be generated, or null. */
  refuse(node: Node): string | null;
  /** How often each element of input `index` is loaded; what recomputing it would be multiplied by. */
  reuse(node: Node, index: number, target: KernelTarget): number;
  /**
   * Into how many parts the sums of an anchor are to be divided, each of which has workgroups of its
   * own. With such an attribute `parts`, the kernel stores them along a first axis of its output.
   */
  parts?(node: Node, target: KernelTarget): number;
  /**
   * The axis of input `index` over which the kernel loops part by part where that input is a
   * concatenation that it computes itself (see `concatSplits`); null if there is none.
   */
  splitAxis?(node: Node, index: number): number | null;
  /**
   * What its shader depends on of the elements of an anchor's constants, as text: kernels of equal
   * structure share a shader where these are equal as well. Nothing, if not said.
   */
  facts?(node: Node): string;
  /** Computes its input at the coordinates of its result, so that it can store that as well. */
  readonly storesInput?: boolean;
  generate(request: KernelRequest): ShaderProgram;
}
