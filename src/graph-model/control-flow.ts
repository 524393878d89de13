/**
 * Under which conditions values of a graph exist, so that no region joins values that do not exist
 * together.
 */
import type { NodeDef } from './graph-def';
import { stringAttr } from './graph-def';
import { isBackEdge, type NodeGraph } from './node-graph';

/**
 * The conditions under which a value of a graph with TF1 control flow exists: the branches taken
 * (`switch:output`) and the loops entered. Interned, so that equal conditions are one object.
 */
export interface Condition {
  readonly branches: readonly string[];
  readonly frames: readonly string[];
}

/** Ops of TF1 control flow; their inputs and outputs may be missing at run time. */
const CONTROL_FLOW: ReadonlySet<string> = new Set([
  ...['Switch', 'Merge', 'Enter', 'Exit', 'NextIteration', 'LoopCond'],
  ...['RefSwitch', 'RefMerge', 'RefEnter', 'RefExit', 'RefNextIteration'],
]);

export function isControlFlow(op: string): boolean {
  return CONTROL_FLOW.has(op);
}

/** Works out the condition of every node, given producers before consumers. */
export class Conditions {
  readonly always: Condition;
  private readonly interned = new Map<string, Condition>();
  private readonly ofNode = new Map<string, Condition>();
  /** The condition outside each loop. */
  private readonly outsideFrame = new Map<string, Condition>();
  private readonly graph: NodeGraph;

  constructor(graph: NodeGraph) {
    this.graph = graph;
    this.always = this.intern([], []);
  }

  of(name: string): Condition {
    return this.ofNode.get(name) ?? this.always;
  }

  /** Takes the next node in topological order. */
  visit(node: NodeDef): void {
    const condition = this.conditionOf(node);
    if (condition !== this.always) this.ofNode.set(node.name, condition);
  }

  private conditionOf(node: NodeDef): Condition {
    const inputs = this.inputConditions(node);
    if (node.op === 'Merge') return this.intersect(inputs);
    const joined = inputs.reduce((all, one) => this.unite(all, one), this.always);
    if (node.op === 'Enter') {
      const frame = stringAttr(node, 'frame_name') ?? '';
      const outside = this.outsideFrame.get(frame) ?? this.always;
      this.outsideFrame.set(frame, this.unite(outside, joined));
      return this.intern(joined.branches, [...joined.frames, frame]);
    }
    if (node.op === 'Exit') return this.outsideOf(joined);
    return joined;
  }

  private inputConditions(node: NodeDef): Condition[] {
    const conditions: Condition[] = [];
    for (const ref of this.graph.inputs(node)) {
      const source = this.graph.node(ref.node);
      if (isBackEdge(source, node)) continue;
      const condition = this.of(ref.node);
      conditions.push(
        source.op === 'Switch'
          ? this.intern([...condition.branches, `${ref.node}:${ref.index}`], condition.frames)
          : condition,
      );
    }
    return conditions;
  }

  /** The condition outside the innermost of the loops that a value is in. */
  private outsideOf({ frames }: Condition): Condition {
    const depth = (frame: string) => this.outsideFrame.get(frame)?.frames.length ?? 0;
    const innermost = [...frames].sort((a, b) => depth(b) - depth(a))[0];
    return this.outsideFrame.get(innermost) ?? this.always;
  }

  private unite(a: Condition, b: Condition): Condition {
    if (a === b || b === this.always) return a;
    if (a === this.always) return b;
    return this.intern([...a.branches, ...b.branches], [...a.frames, ...b.frames]);
  }

  private intersect(conditions: readonly Condition[]): Condition {
    const [first = this.always, ...rest] = conditions;
    return this.intern(
      first.branches.filter((branch) => rest.every((other) => other.branches.includes(branch))),
      first.frames,
    );
  }

  private intern(branches: readonly string[], frames: readonly string[]): Condition {
    const condition = {
      branches: [...new Set(branches)].sort(),
      frames: [...new Set(frames)].sort(),
    };
    const key = JSON.stringify(condition);
    const known = this.interned.get(key);
    if (known) return known;
    this.interned.set(key, condition);
    return condition;
  }
}

/** Ops that are neither imported nor change anything but their outputs. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  ...['Const', 'Placeholder', 'PlaceholderWithDefault', 'NoOp'],
  ...['Switch', 'Merge', 'Enter', 'Exit', 'NextIteration', 'LoopCond'],
]);

/** Whether an op takes, makes or changes a list of tensors. */
export function isOfLists(op: string): boolean {
  return /^(Empty)?Tensor(List|Array)/.test(op);
}

/** Whether running a node can be noticed otherwise than by its outputs; its inputs aside. */
export function mayHaveEffect(op: string, isImported: boolean): boolean {
  return !isImported && !WITHOUT_EFFECT.has(op);
}
