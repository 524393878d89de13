/**
 * What the lazy backend did: one plain record for each flush. Equal programs leave equal records, but for times and
 * for which shaders were there before.
 */
import type { InvocationRecord, KernelRecord, PlanRecord, RefusalRecord } from '../report/record';
import { flag } from '../host/flags';

/** Why waiting invocations were run. */
export type FlushReason =
  'read' | 'read-gpu' | 'time' | 'task-end' | 'count' | 'memory' | `kernel ${string}`;

/** An invocation that was not queued. */
export interface LeftAlone {
  readonly kernel: string;
  readonly reason: string;
}

/** One flush. */
export interface FlushTrace {
  readonly why: FlushReason;
  /** `hit`: the plan was there; `miss`: it was compiled; `stock`: kernels ran one by one. */
  readonly plan: 'hit' | 'miss' | 'stock';
  /** Kernels that ran, in the order in which they were called. */
  readonly kernels: readonly string[];
  /** The same with what each reads; none of kernels for which no plan was tried. */
  readonly invocations: readonly InvocationRecord[];
  /** Dispatches: what each computes, and of which invocations (`Relu#2` is the third queued). */
  readonly groups: readonly KernelRecord[];
  /** Fusions that were considered and not made. */
  readonly refused: readonly RefusalRecord[];
  /** Kernels that ran at once since the flush before, and why. */
  readonly left: readonly LeftAlone[];
  /** All about its plan, `groups` and `refused` among it; absent where there is none. */
  readonly record?: PlanRecord;
  readonly dispatches: number;
  /** Bytes of memory traffic that running kernel by kernel would have taken on top. */
  readonly bytesSaved: number;
}

/** What {@link lastTrace} answers: the latest flush, and those since it was last asked. */
export interface Trace extends FlushTrace {
  /** The flushes since the one that was the latest when the trace was last read, in order. */
  readonly flushes: readonly FlushTrace[];
  /** Flushes before those that were too many to keep. */
  readonly dropped: number;
}

/** Flushes kept for whoever reads the trace next. */
const MAX_FLUSHES = 256;

/** The latest flush is the last of them. */
let flushes: FlushTrace[] = [];
let dropped = 0;
/** Whether the next flush begins a new list. */
let isRead = false;

/**
 * What the lazy backend did at its latest flush, and at all flushes since this was last asked; the same
 * again until there is another flush. Null before the first.
 */
export function lastTrace(): Trace | null {
  const latest = flushes.at(-1);
  if (!latest) return null;
  isRead = true;
  return { ...latest, flushes: [...flushes], dropped };
}

/** Keeps a flush, and prints it where `WEBGPU_FUSED_DEBUG` asks for that. */
export function keepTrace(trace: FlushTrace): void {
  if (isRead) {
    flushes = [];
    dropped = 0;
    isRead = false;
  }
  flushes.push(trace);
  if (flushes.length > MAX_FLUSHES) {
    flushes.shift();
    dropped++;
  }
  const level = flag('WEBGPU_FUSED_DEBUG');
  if (level >= 1) console.info(formatTrace(trace, level >= 2));
}

/** One line, and in detail one more for each dispatch, refusal and kernel left alone. */
export function formatTrace(trace: FlushTrace, detailed: boolean): string {
  const { why, plan, kernels, groups, refused, left, dispatches, bytesSaved } = trace;
  const saved = (bytesSaved / 1e6).toFixed(1);
  const lines = [
    `[webgpu-fused] flush (${why}): ${kernels.length} kernels in ${dispatches} dispatches, ` +
      `${saved} MB saved, plan ${plan}, ${left.length} left alone`,
  ];
  if (detailed) {
    lines.push(...groups.map(({ label, origins }) => `  ▸ ${label}: ${origins.join(', ')}`));
    lines.push(
      ...refused.map(({ rule, nodes, reason }) => `  ✕ ${rule} ${nodes.join(' → ')}: ${reason}`),
    );
    lines.push(...left.map(({ kernel, reason }) => `  · ${kernel} ran at once: ${reason}`));
  }
  return lines.join('\n');
}
