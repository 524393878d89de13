/** Divides a model into regions, convex sets of nodes that run as one plan, and what stays with tfjs. */
import { isCounted } from './counted-nodes';
import {
  Conditions,
  isControlFlow,
  isOfLists,
  mayHaveEffect,
  type Condition,
} from './control-flow';
import { isIntegral } from '../ir/graph';
import { dtypeAttr, parseInput, refKey, type InputRef, type NodeDef } from './graph-def';
import { importerOf, whyNotImported } from './import';
import { NodeGraph } from './node-graph';
import { staysIntegral } from './steering';
import { stockDispatches } from './stock-cost';

/** Regions with fewer dispatches than this in stock have nothing to gain. */
const MIN_DISPATCHES = 2;

/** What a partition is made for. */
export interface PartitionRequest {
  readonly nodes: readonly NodeDef[];
  /** Values that are asked for: `name`, `name:k`. */
  readonly outputs: readonly string[];
  /** Nodes that must stay with tfjs, and why. */
  readonly excluded: ReadonlyMap<string, string>;
  /** Nodes that need to know how many rows their operands have, which a region before tells. */
  readonly waiting?: ReadonlyMap<string, string>;
  /** Nodes that run an op registered by the app, about which nothing is known. */
  readonly custom?: ReadonlySet<string>;
}

/** A convex set of nodes that runs as one plan. */
export interface Region {
  /** In topological order; with the nodes that only constants feed, which regions may share. */
  readonly nodes: readonly NodeDef[];
  /** Values that come from outside, by reference. */
  readonly inputs: readonly string[];
  /** Const nodes that the region reads. */
  readonly constants: readonly string[];
  /** Values that are needed outside, by reference. */
  readonly outputs: readonly string[];
}

/** How the nodes that are needed for some outputs are divided. */
export interface Partition {
  /** In an order in which they can run. */
  readonly regions: readonly Region[];
  /** What stays with tfjs, in topological order, placeholders and constants included. */
  readonly rest: readonly NodeDef[];
  /** Why nodes of `rest` are there; placeholders and constants need no reason. */
  readonly reasons: ReadonlyMap<string, string>;
  /** Nodes of regions, of which counts may have to be read. */
  readonly counted: readonly NodeDef[];
  /** Everything is one region that only placeholders and constants feed, and no count is read. */
  readonly isWhole: boolean;
}

const CONSTANT = -2;
const OUTSIDE = -1;
const LEAVES: ReadonlySet<string> = new Set(['Const', 'Placeholder']);

/**
 * Divides a graph into regions that the IR can express and the rest. No path leaves a region and
 * comes back to it, every node that is needed is in one region or in the rest, and nodes that
 * exist under different conditions (TF1 branches) are never in one region. Takes time in
 * proportion to nodes and edges.
 *
 * @throws InvalidModelError if what is needed has a cycle that is no TF1 loop; Error for an output that is not in
 *   the graph.
 */
export function partitionGraph(request: PartitionRequest): Partition {
  return new Partitioner(request).run();
}

class Partitioner {
  private readonly graph: NodeGraph;
  private readonly inputs = new Map<string, readonly InputRef[]>();
  private readonly conditions: Conditions;
  private readonly reasons = new Map<string, string>();
  /** CONSTANT, or: OUTSIDE before any region; else how many times the path here left regions. */
  private readonly stage = new Map<string, number>();
  private readonly groupOf = new Map<string, Group>();
  /** Nodes of regions that only steer, as far as is known before inputs come. */
  private readonly steering = new Set<string>();
  /** Nodes with effects, and what comes after them. */
  private readonly effects = new Set<string>();
  /** The same, but for effects on lists, which nothing notices that takes tensors. */
  private readonly effectsOnAll = new Set<string>();
  private readonly request: PartitionRequest;

  constructor(request: PartitionRequest) {
    this.request = request;
    this.graph = new NodeGraph(request.nodes);
    this.conditions = new Conditions(this.graph);
  }

  run(): Partition {
    const wanted = this.request.outputs.map(parseInput);
    const namedSources = new Set<string>();
    const roots = wanted.map(({ node }) => this.graph.node(node));
    // Conditions and effects need all edges: they decide which of them count.
    for (const node of this.graph.sort(roots, (at) => this.graph.inputs(at))) {
      this.conditions.visit(node);
      const hasEffect = this.hasEffect(node);
      const refs = this.graph.inputs(node);
      const follow = (effects: Set<string>, isOne: boolean): void => {
        if (isOne || refs.some((ref) => effects.has(ref.node))) effects.add(node.name);
      };
      follow(this.effects, hasEffect);
      follow(this.effectsOnAll, hasEffect && !isOfLists(node.op));
    }
    const needed = this.graph.sort(roots, (node) => this.dataAndOrder(node));
    for (const node of needed) {
      const refs = this.dataAndOrder(node);
      this.inputs.set(node.name, refs);
      for (const ref of refs) if (ref.named) namedSources.add(ref.node);
    }
    const groups = this.assignStages(needed, namedSources);
    const kept = groups.filter((group) => this.isWorthwhile(group));
    return this.assemble(needed, kept, wanted);
  }

  private hasEffect({ name, op }: NodeDef): boolean {
    const { custom } = this.request;
    return (custom?.has(name) ?? false) || mayHaveEffect(op, importerOf(op) !== undefined);
  }

  /**
   * Inputs less those that order a node after something that always runs and leaves no trace,
   * as graphs keep of assertions.
   */
  private dataAndOrder(node: NodeDef): readonly InputRef[] {
    const refs = this.graph.inputs(node);
    if (!refs.some((ref) => ref.control)) return refs;
    const isOfTensors = importerOf(node.op) !== undefined && !this.request.custom?.has(node.name);
    const effects = isOfTensors ? this.effectsOnAll : this.effects;
    return refs.filter(
      (ref) =>
        !ref.control ||
        effects.has(ref.node) ||
        this.conditions.of(ref.node) !== this.conditions.always,
    );
  }

  /** Why a node cannot be in a region; undefined if it can. */
  private reasonAgainst(node: NodeDef, namedSources: ReadonlySet<string>): string | undefined {
    const excluded = this.request.excluded.get(node.name);
    if (excluded !== undefined) return excluded;
    if (this.request.custom?.has(node.name)) return `op ${node.op} is registered by the app`;
    if (isControlFlow(node.op)) return 'control flow stays with tfjs';
    if (!importerOf(node.op)) return whyNotImported(node.op);
    if (this.conditions.of(node.name).frames.length > 0) return 'inside a loop';
    if (namedSources.has(node.name)) return 'its outputs are read by name';
    const order = this.inputsOf(node).find((ref) => ref.control);
    return order && `runs after ${order.node}, which has effects or may not run`;
  }

  private inputsOf(node: NodeDef): readonly InputRef[] {
    return this.inputs.get(node.name) ?? [];
  }

  private assignStages(needed: readonly NodeDef[], namedSources: ReadonlySet<string>): Group[] {
    const groups = new Map<string, Group>();
    const conditionIds = new Map<Condition, number>();
    for (const node of needed) {
      if (node.op === 'Const') {
        this.stage.set(node.name, CONSTANT);
        continue;
      }
      const refs = this.inputsOf(node);
      const reason = LEAVES.has(node.op) ? '' : this.reasonAgainst(node, namedSources);
      if (reason !== undefined) {
        if (reason) this.reasons.set(node.name, reason);
        this.stage.set(node.name, Math.max(OUTSIDE, ...refs.map((ref) => this.stageOf(ref.node))));
        continue;
      }
      if (refs.length > 0 && refs.every((ref) => this.stageOf(ref.node) === CONSTANT)) {
        this.stage.set(node.name, CONSTANT);
        continue;
      }
      const waits = this.request.waiting?.has(node.name);
      // Integers that are found among such as the CPU may have steer what comes next: that is told how many.
      const isNear = ({ node: name }: InputRef): boolean =>
        this.groupOf.has(name) &&
        !waits &&
        !(this.steering.has(name) && isCounted(this.graph.node(name)));
      const stages = refs.map((ref) => this.stageOf(ref.node) + (isNear(ref) ? 0 : 1));
      const stage = Math.max(0, ...stages);
      const condition = this.conditions.of(node.name);
      if (!conditionIds.has(condition)) conditionIds.set(condition, conditionIds.size);
      const key = `${stage} ${conditionIds.get(condition)}`;
      let group = groups.get(key);
      if (!group) groups.set(key, (group = { stage, condition, nodes: [] }));
      group.nodes.push(node);
      if (staysIntegral(node) && refs.every((ref) => this.maySteer(ref.node))) {
        this.steering.add(node.name);
      }
      this.stage.set(node.name, stage);
      this.groupOf.set(node.name, group);
    }
    // Within a stage, values pass only from fewer conditions to more.
    const rank = ({ condition }: Group) => condition.branches.length;
    return [...groups.values()].sort((a, b) => a.stage - b.stage || rank(a) - rank(b));
  }

  private maySteer(name: string): boolean {
    const node = this.graph.node(name);
    if (LEAVES.has(node.op)) return isIntegral({ dtype: dtypeAttr(node, 'dtype') });
    return !this.groupOf.has(name) || this.steering.has(name);
  }

  private stageOf(name: string): number {
    return this.stage.get(name) ?? OUTSIDE;
  }

  private isWorthwhile(group: Group): boolean {
    let dispatches = 0;
    for (const node of group.nodes) {
      // By itself it is worth a plan: tfjs reads its operands back.
      if (isCounted(node)) return true;
      dispatches += stockDispatches(node.op);
    }
    if (dispatches >= MIN_DISPATCHES) return true;
    for (const node of group.nodes) {
      this.groupOf.delete(node.name);
      this.reasons.set(node.name, 'nothing to fuse with between ops that stay with tfjs');
    }
    return false;
  }

  private assemble(
    needed: readonly NodeDef[],
    groups: readonly Group[],
    wanted: readonly InputRef[],
  ): Partition {
    const outputs = new Map<Group, Set<string>>(groups.map((group) => [group, new Set()]));
    const inRest = new Set<string>();
    const demandOutside = (ref: InputRef): void => {
      const group = this.groupOf.get(ref.node);
      if (group) outputs.get(group)?.add(refKey(ref.node, ref.index));
      else this.collectRest(ref.node, inRest);
    };
    wanted.forEach(demandOutside);
    for (const node of needed) {
      if (this.groupOf.has(node.name) || this.stageOf(node.name) === CONSTANT) continue;
      inRest.add(node.name);
      this.inputsOf(node).forEach(demandOutside);
    }
    const regions = groups.map((group) => this.regionOf(group, demandOutside));
    const counted = regions.flatMap(({ nodes }) => nodes.filter(isCounted));
    return {
      regions: regions.map((region, at) => ({
        ...region,
        outputs: [...(outputs.get(groups[at]) ?? [])],
      })),
      rest: needed.filter((node) => inRest.has(node.name)),
      reasons: this.reasons,
      counted,
      isWhole:
        regions.length === 1 &&
        counted.length === 0 &&
        wanted.every((ref) => this.groupOf.has(ref.node)) &&
        [...inRest].every((name) => LEAVES.has(this.graph.node(name).op)),
    };
  }

  /** Adds a node that tfjs is to run, with the constant ones that it needs. */
  private collectRest(name: string, inRest: Set<string>): void {
    const stack = [name];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (inRest.has(at)) continue;
      inRest.add(at);
      if (this.stageOf(at) !== CONSTANT) continue;
      if (!this.reasons.has(at) && !LEAVES.has(this.graph.node(at).op)) {
        this.reasons.set(at, 'only constants feed it');
      }
      for (const ref of this.inputsOf(this.graph.node(at))) stack.push(ref.node);
    }
  }

  private regionOf(group: Group, demandOutside: (ref: InputRef) => void): Omit<Region, 'outputs'> {
    const inputs = new Set<string>();
    const constants = new Set<string>();
    const nodes: NodeDef[] = [];
    const captured = new Set<string>();
    const capture = (name: string): void => {
      if (captured.has(name)) return;
      captured.add(name);
      const node = this.graph.node(name);
      if (node.op === 'Const') {
        constants.add(name);
        return;
      }
      for (const ref of this.inputsOf(node)) capture(ref.node);
      nodes.push(node);
    };
    for (const node of group.nodes) {
      for (const ref of this.inputsOf(node)) {
        if (this.stageOf(ref.node) === CONSTANT) capture(ref.node);
        else if (this.groupOf.get(ref.node) !== group) {
          inputs.add(ref.key);
          demandOutside(ref);
        }
      }
      nodes.push(node);
    }
    return { nodes, inputs: [...inputs], constants: [...constants] };
  }
}

/** Nodes that may be in one region. */
interface Group {
  readonly stage: number;
  readonly condition: Condition;
  readonly nodes: NodeDef[];
}
