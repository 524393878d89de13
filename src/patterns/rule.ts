/** What a fusion rule is: a structure, a legality check with reasons, and a rewrite. */
import type { GraphBuilder } from '../ir/builder';
import type { Node, Value } from '../ir/graph';
import type { Pattern } from './match';

/** What rules may choose by of the device they rewrite for. */
export interface RuleTarget {
  /** Most storage buffers that one kernel may bind. */
  readonly maxStorageBuffers: number;
  /** Whether products stage tiles of their operands in workgroup memory. */
  readonly stagesTiles: boolean;
  /** Whether the invocations of a workgroup share the keys of an attention. */
  readonly tilesAttention: boolean;
  /** Workgroups that keep the device busy. */
  readonly busyWorkgroups: number;
  /** Into how many parts the sums of an invocation are to be divided; 1 where they are not. */
  partsOf(node: Node): number;
}

/** What every device has (WebGPU, section "Limits"), and no more. */
export const minimalTarget: RuleTarget = {
  maxStorageBuffers: 8,
  stagesTiles: false,
  tilesAttention: false,
  busyWorkgroups: 1,
  partsOf: () => 1,
};

/** A structure found in a graph. */
export interface Match {
  /** The invocation whose output is to be replaced. */
  readonly root: Node;
  /** Every invocation that the pattern names, root first. */
  readonly nodes: readonly Node[];
  /** The value captured under `name`; throws if the pattern captured none. */
  value(name: string): Value;
  /** The value captured under `name`, where an alternative of the pattern did. */
  find(name: string): Value | undefined;
  /** Invocations that read a value. */
  usesOf(value: Value): readonly Node[];
  /** The device that the graph is rewritten for. */
  readonly target: RuleTarget;
  /** True if the graph is asked for this value. */
  isOutput(value: Value): boolean;
}

/** A value to be replaced everywhere, and its replacement. */
export type Replacement = readonly [old: Value, replacement: Value];

/**
 * One fusion. Built-in rules and an app's own are the same thing.
 *
 * @example
 * registerFusion({
 *   name: 'double-negation',
 *   equation: '-(-x) ⇒ x',
 *   match: pattern.op('Neg', [pattern.op('Neg', [pattern.any('x')])]),
 *   rewrite: (match) => match.value('x'),
 * });
 */
export interface FusionRule<Found = unknown> {
  /** Unique, in kebab case; reports show it. */
  readonly name: string;
  /** What becomes what, on one line. */
  readonly equation: string;
  readonly match: Pattern;
  /**
   * What happens where an invocation inside the pattern is read from outside it, or asked for as an
   * output. `refuse` (the default): the match is refused, because the invocation would be computed
   * twice. `keep`: it stays for the others.
   */
  readonly leaks?: 'refuse' | 'keep';
  /**
   * Why this match must not be rewritten, a text; an empty one where nobody would expect it to be.
   * Anything else means that it may, and is handed to `rewrite`: `null`, or what was found out.
   */
  check?(match: Match): string | Found;
  /**
   * Builds what replaces the root's output: one value, of the same shape and dtype; or several
   * replacements, for a rule that rewrites more than its root, which then says so in
   * `build.origins`.
   *
   * @param found what `check` answered; null where there is no such check.
   */
  rewrite(match: Match, build: GraphBuilder, found: Found): Value | readonly Replacement[];
}
