/** What the fuser knows while it groups kernels, and the tables it decides by. */
import { scalarOp } from '../../ir/expression';
import type { Graph, Node, Value } from '../../ir/graph';
import { sizeOf, usesOf } from '../../ir/graph';

/** What the fuser must know of an anchor; kernel families implement it. */
export interface AnchorFacts {
  refuse(node: Node): string | null;
  reuse(node: Node, index: number): number;
  /** The axis of input `index` along which the parts of a concatenation cost nothing to inline. */
  splitAxis?(node: Node, index: number): number | null;
  /** Computes its input at the coordinates of its result, so that it can store that as well. */
  readonly storesInput?: boolean;
}

export interface FusionTables {
  anchor(kernel: string): AnchorFacts | undefined;
  /** Kernels that are index maps or small stencils of their input: computed inside loads. */
  isInline(kernel: string): boolean;
  readonly maxStorageBuffers: number;
  /** Bytes of the largest value that can be stored. */
  readonly maxBindingBytes: number;
}

/** Fusions that must not be made, with the reason; learned from an attempt that failed. */
export interface FusionConstraints {
  /** Nodes that may not be computed inside their consumers. */
  readonly store: ReadonlyMap<Node, string>;
  /** Nodes that may not follow an anchor. */
  readonly separate: ReadonlyMap<Node, string>;
}

export const UNCONSTRAINED: FusionConstraints = { store: new Map(), separate: new Map() };

/** A fusion that was considered and not made. */
export interface Refusal {
  readonly rule: string;
  readonly nodes: readonly Node[];
  readonly reason: string;
}

/** A group while it grows. */
export class GrowingGroup {
  readonly members: Node[];
  private readonly set: Set<Node>;

  constructor(
    readonly anchor: Node,
    /** A loop over scalar ops and data movement, without a kernel that has loops of its own. */
    readonly isLoop: boolean,
  ) {
    this.members = [anchor];
    this.set = new Set(this.members);
  }

  has(node: Node | undefined): boolean {
    return node !== undefined && this.set.has(node);
  }

  add(node: Node): void {
    this.members.push(node);
    this.set.add(node);
  }

  addFirst(node: Node): void {
    this.members.unshift(node);
    this.set.add(node);
  }

  remove(node: Node): void {
    this.members.splice(this.members.indexOf(node), 1);
    this.set.delete(node);
  }

  get size(): number {
    return sizeOf(this.anchor.outputs[0].shape);
  }
}

export type NodeRole = 'anchor' | 'scalar' | 'movement';

/** What a node is to the fuser; null if no kernel computes it. */
export function roleOf({ kernel }: Node, tables: FusionTables): NodeRole | null {
  if (tables.anchor(kernel)) return 'anchor';
  if (scalarOp(kernel)) return 'scalar';
  return tables.isInline(kernel) ? 'movement' : null;
}

export class FusionState {
  readonly uses: Map<Value, Node[]>;
  readonly position = new Map<Node, number>();
  readonly groupOf = new Map<Node, GrowingGroup>();
  readonly groups: GrowingGroup[] = [];
  readonly refusals: Refusal[] = [];
  readonly outputs: ReadonlySet<Value>;
  /** Values that live inside the buffer of a Concat, and where along its axis. */
  readonly windows = new Map<Value, { concat: Node; begin: number }>();
  /** By position: the foremost anchor whose group goes on there or behind. */
  private readonly spanStart: Int32Array;

  constructor(
    readonly graph: Graph,
    readonly tables: FusionTables,
    readonly constraints: FusionConstraints = UNCONSTRAINED,
  ) {
    this.uses = usesOf(graph);
    this.outputs = new Set(graph.outputs);
    graph.nodes.forEach((node, i) => this.position.set(node, i));
    this.spanStart = Int32Array.from(graph.nodes, (_, i) => i);
  }

  role(node: Node): NodeRole | null {
    return roleOf(node, this.tables);
  }

  /** Whether a value is too large to be stored, so that whoever reads it has to compute it. */
  isTooLarge(value: Value): boolean {
    return 4 * sizeOf(value.shape) > this.tables.maxBindingBytes;
  }

  usesOf(value: Value): readonly Node[] {
    return this.uses.get(value) ?? [];
  }

  refuse(rule: string, nodes: readonly Node[], reason: string): void {
    this.refusals.push({ rule, nodes, reason });
  }

  startGroup(anchor: Node, isLoop: boolean): GrowingGroup {
    const group = new GrowingGroup(anchor, isLoop);
    this.groups.push(group);
    this.groupOf.set(anchor, group);
    return group;
  }

  join(group: GrowingGroup, node: Node): void {
    group.add(node);
    this.extendSpan(group, node);
    this.groupOf.set(node, group);
  }

  /** Adds a node that stands in front of the group's anchor. */
  adopt(group: GrowingGroup, node: Node): void {
    const start = this.position.get(node) as number;
    const end = Math.max(...group.members.map((member) => this.position.get(member) as number));
    group.addFirst(node);
    this.groupOf.set(node, group);
    for (let at = start; at <= end; at++) this.spanStart[at] = Math.min(this.spanStart[at], start);
  }

  leave(group: GrowingGroup, node: Node): void {
    group.remove(node);
    this.groupOf.delete(node);
  }

  /** True if a value of the group must be in memory: an output, or read by somebody else. */
  isStored(group: GrowingGroup, value: Value): boolean {
    return this.outputs.has(value) || this.usesOf(value).some((use) => !group.has(use));
  }

  /**
   * True if computing `value` needs a result of `group`, through any path that other groups,
   * which run as a whole, open. Stops at nodes that no such path can lead on from.
   */
  dependsOn(value: Value, group: GrowingGroup): boolean {
    if (!value.producer) return false;
    const horizon = this.horizonOf(group);
    const seen = new Set<Node>();
    const stack: Node[] = [];
    const visit = (candidate: Value): boolean => {
      const { producer } = candidate;
      if (!producer || seen.has(producer)) return false;
      if (group.has(producer)) return true;
      const whole = this.groupOf.get(producer)?.members ?? [producer];
      for (const node of whole) {
        seen.add(node);
        if ((this.position.get(node) as number) > horizon) stack.push(node);
      }
      return false;
    };
    if (visit(value)) return true;
    for (let node = stack.pop(); node; node = stack.pop()) {
      if (node.inputs.some(visit)) return true;
    }
    return false;
  }

  /**
   * The position in front of which nothing can depend on `group`: that of its first node, or further
   * ahead where a group that begins there goes on behind it.
   */
  private horizonOf(group: GrowingGroup): number {
    let horizon = this.position.get(group.members[0]) as number;
    while (this.spanStart[horizon] < horizon) horizon = this.spanStart[horizon];
    return horizon;
  }

  /** Notes that the group reaches from its anchor to `node`. */
  private extendSpan(group: GrowingGroup, node: Node): void {
    const start = this.position.get(group.anchor) as number;
    // A group that begins further ahead and is here spans everything between, too.
    for (let at = this.position.get(node) as number; this.spanStart[at] > start; at--) {
      this.spanStart[at] = start;
    }
  }
}
