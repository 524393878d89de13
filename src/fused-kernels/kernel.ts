/** What the fuser hands to a kernel, and what every kernel generator implements. */
import type { Node, Value } from '../ir/graph';
import type { KernelGroup } from '../ir/kernel-group';
import type { Storage } from './wgsl/inliner';
import type { ShaderProgram } from './wgsl/kernel-writer';

/** What a kernel may choose by: limits of the device, and the class of adapter. */
export interface KernelTarget {
  readonly maxWorkgroupsPerDimension: number;
  readonly maxStorageBuffers: number;
  /** Invocations that keep the device busy; below this, tiles shrink and reductions go parallel. */
  readonly busyInvocations: number;
  /** Largest register tile of a matmul or convolution: rows × columns of one invocation. */
  readonly maxTile: readonly [rows: number, columns: number];
  /** Most rows of a matmul whose depth a workgroup shares; 0 where barriers cost more than they win. */
  readonly maxSplitRows: number;
  /**
   * Invocations of a workgroup that exchanges rows through workgroup memory, at least. A processor
   * runs a vector of them at a time and has to switch between vectors at every barrier.
   */
  readonly blockInvocations: number;
  /** Bytes that such a workgroup has at least; a GPU runs fewer at once, the more each has. */
  readonly blockMemory: number;
  /** Whether loops over arrays in registers are for the driver to unroll, which can take it minutes. */
  readonly unrolls: boolean;
}

export interface KernelRequest {
  readonly group: KernelGroup;
  readonly target: KernelTarget;
  /** Where a value can be loaded from or stored to; null if the kernel computes it itself. */
  storage(value: Value): Storage | null;
}

/** A family of kernels: the anchors it serves and how it writes their shader. */
export interface FusedKernel {
  readonly name: string;
  readonly anchors: readonly string[];
  /** A reason why this invocation cannot be generated, or null. */
  refuse(node: Node): string | null;
  /** How often each element of input `index` is loaded; what recomputing it would be multiplied by. */
  reuse(node: Node, index: number): number;
  /**
   * The axis of input `index` over which the kernel loops part by part where that input is a
   * concatenation that it computes itself (see `concatSplits`); null if there is none.
   */
  splitAxis?(node: Node, index: number): number | null;
  /** Computes its input at the coordinates of its result, so that it can store that as well. */
  readonly storesInput?: boolean;
  generate(request: KernelRequest): ShaderProgram;
}
