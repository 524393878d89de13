/** Plain records of what was fused and what was not; what reports, traces and tests read. */

/** One dispatch. */
export interface KernelRecord {
  /** Kernel names in the order they run, `Conv2D → Add → Relu6`. */
  readonly label: string;
  /** The kernel family that generated it. */
  readonly family: string;
  /** Nodes of the model it computes, prologues included. */
  readonly origins: readonly string[];
  /** Bytes of global memory it reads and writes, each buffer once. */
  readonly bytes: number;
  /** Which of several ways it is computed in; absent where there is one. */
  readonly choice?: ChoiceRecord;
  /** Its shader, the workgroups that run it, and which lines compute which node. */
  readonly wgsl: string;
  readonly workgroups: readonly number[];
  readonly parts: readonly PartRecord[];
  /** Buffers that it loads from and stores to, by their number in the plan's `values`. */
  readonly reads: readonly number[];
  readonly writes: readonly number[];
}

/** Lines of a shader, counted from 1, that compute one node; all others are the kernel's own loops. */
export interface PartRecord {
  readonly first: number;
  readonly last: number;
  /** tfjs's name of what is computed, such as `Relu6`. */
  readonly kernel: string;
  /** Nodes of the model it came from. */
  readonly origins: readonly string[];
}

/** What a plan keeps in memory: an input, a constant, or what one of its dispatches gives. */
export interface ValueRecord {
  /** Of the model's node that gives it, where one does. */
  readonly name: string;
  readonly kind: 'input' | 'constant' | 'intermediate' | 'output';
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly bytes: number;
  /** Where an intermediate lives, and how long. */
  readonly place?: PlaceRecord;
}

/** An eager invocation of a kernel, as it waited for a plan. */
export interface InvocationRecord {
  /** `Relu#2` is the third that was queued. */
  readonly name: string;
  readonly op: string;
  /** Invocations that it reads: `name` for output 0, `name:k` for others. What comes from outside is not named. */
  readonly inputs: readonly string[];
  /** Of its first output. */
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Bytes that it would read and write by itself. */
  readonly bytes: number;
}

/** A range of a slab, in bytes, from the first dispatch that touches it to the last one. */
export interface PlaceRecord {
  readonly slab: number;
  readonly offset: number;
  readonly first: number;
  readonly last: number;
}

/** One of several ways to compute a kernel, such as a tile, and why that one was taken. */
export interface ChoiceRecord {
  readonly candidate: string;
  /** By the family's table, by measurements on the adapter, or because a test or benchmark says so. */
  readonly by: 'table' | 'tuned' | 'forced';
  /** How many candidates there were. */
  readonly candidates: number;
  /** Where it is `tuned`: microseconds of those that were measured, the table's pick first. */
  readonly times?: Readonly<Record<string, number>>;
}

/** A fusion that was considered and not made. */
export interface RefusalRecord {
  readonly rule: string;
  readonly nodes: readonly string[];
  readonly reason: string;
}

/** A rewrite rule that fired. */
export interface RewriteRecord {
  readonly rule: string;
  readonly nodes: readonly string[];
}

/** What one rewrite rule did to a graph. */
export interface RuleStatistics {
  readonly rule: string;
  /** Nodes at which it was tried, matches that fired, and matches refused for a reason. */
  readonly tried: number;
  readonly fired: number;
  readonly refused: number;
  /** Milliseconds of its checks and rewrites. */
  readonly ms: number;
}

/** Everything about one compiled plan. */
export interface PlanRecord {
  readonly kernels: readonly KernelRecord[];
  /** The buffers that its dispatches bind. */
  readonly values: readonly ValueRecord[];
  readonly rewrites: readonly RewriteRecord[];
  readonly refused: readonly RefusalRecord[];
  readonly rules: readonly RuleStatistics[];
  readonly text: TextRecord;
  readonly dispatches: number;
  readonly bytes: number;
  readonly memory: MemoryRecord;
  readonly capture: CaptureRecord;
}

/** Shaders of a plan, those that compute its constants included. */
export interface TextRecord {
  /** Kernels whose text was written for this plan, and those like one that was written before. */
  readonly written: number;
  readonly found: number;
  /** Length of what was written. */
  readonly characters: number;
}

/** A shader that needs a pipeline of its own. */
export interface NewShader {
  readonly label: string;
  /** Shapes of the buffers that it binds, in order. */
  readonly shapes: readonly (readonly number[])[];
}

/** Memory of intermediates, in bytes. */
export interface MemoryRecord {
  /** What each slab has; intermediates share them by lifetime. */
  readonly slabs: readonly number[];
  /** All slabs together. */
  readonly allocated: number;
  /** The largest sum that is alive at once: no plan can do with less. */
  readonly lowerBound: number;
  /** What the intermediates would take without sharing. */
  readonly unshared: number;
}

/** What is kept between calls, and what a warm call has left to do. */
export interface CaptureRecord {
  /** Dispatches whose bind groups are kept for good. */
  readonly kept: number;
  /** Dispatches that bind inputs or outputs: their bind groups follow those. */
  readonly rebound: number;
  readonly submits: number;
}
