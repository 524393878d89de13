/**
 * Applies rules to a graph until none fires. A worklist keeps it near linear: after a rewrite only
 * what it touched is looked at again: new nodes, readers of what changed, and readers of what lost
 * a reader (a leak may have closed).
 */
import { GraphBuilder } from '../ir/builder';
import type { Graph, Node, Value } from '../ir/graph';
import { sameShape, sortTopologically } from '../ir/graph';
import { RefusedError } from '../ir/infer/refused';
import { runSteps, type Steps } from '../ir/steps';
import type { RefusalRecord, RewriteRecord, RuleStatistics } from '../report/record';
import type { Bindings } from './match';
import {
  minimalTarget,
  type FusionRule,
  type Match,
  type Replacement,
  type RuleTarget,
} from './rule';

/** What rewriting did, and what it did not. */
export interface RewriteResult {
  readonly rewrites: readonly RewriteRecord[];
  readonly refusals: readonly RefusalRecord[];
  readonly statistics: readonly RuleStatistics[];
}

export interface RewriteOptions {
  /** Told about every structural match and what came of it. */
  readonly trace?: (line: string) => void;
  /** The device that the graph is rewritten for; one like any other, if it is not said. */
  readonly target?: RuleTarget;
  /** Rewrites to make at most, in all stages together. */
  readonly limit?: number;
  /**
   * What a graph of the same structure went through, to be gone through again instead of searching; where that
   * does not come to the same, the search goes on from there. It holds what this graph went through afterwards.
   */
  readonly script?: RewriteScript;
}

/** A rule, by its number, that found its structure at a node, and whether it was applied. */
interface ScriptStep {
  readonly rule: number;
  /** `Node.id` of the match's root. */
  readonly root: number;
  readonly fired: boolean;
}

/** All that was tried at a graph, in order; empty before the first graph of a structure was rewritten. */
export interface RewriteScript {
  steps?: readonly ScriptStep[];
}

/** Rewrites a graph may take for each of its nodes before its rules are taken to go in circles. */
const MAX_REWRITES_PER_NODE = 8;

/** Nodes at which rules are tried before other work may have its turn. */
const NODES_PER_STEP = 16;

/** A rule, and what came of it so far. */
interface CountedRule {
  readonly rule: FusionRule;
  /** Its place among the rules of its stage. */
  readonly number: number;
  tried: number;
  fired: number;
  ms: number;
}

/** Applies `rules`, in order of preference, to every node of `graph`. */
export function applyRules(
  graph: Graph,
  rules: readonly FusionRule[],
  options: RewriteOptions = {},
): RewriteResult {
  return runSteps(ruleSteps(graph, rules, options));
}

/**
 * As {@link applyRules}, in pieces of some nodes.
 * @param live what is alive in `graph`, if that is known.
 */
export function ruleSteps(
  graph: Graph,
  rules: readonly FusionRule[],
  options: RewriteOptions = {},
  live = new LiveGraph(graph),
): Steps<RewriteResult> {
  return new Rewriter(graph, rules, options, live).run();
}

/** The nodes of a graph that are alive, and who reads each value. It goes along with rewrites. */
export class LiveGraph {
  readonly uses = new Map<Value, Set<Node>>();
  /** In the order of the graph, and what came later at the end. */
  readonly nodes: Set<Node>;
  readonly outputs: Set<Value>;

  constructor(graph: Graph) {
    for (const node of graph.nodes) for (const input of node.inputs) this.addUse(input, node);
    this.nodes = new Set(graph.nodes);
    this.outputs = new Set(graph.outputs);
  }

  addUse(value: Value, node: Node): void {
    const users = this.uses.get(value);
    if (users) users.add(node);
    else this.uses.set(value, new Set([node]));
  }

  isNeeded(value: Value): boolean {
    return this.outputs.has(value) || (this.uses.get(value)?.size ?? 0) > 0;
  }
}

class Rewriter {
  private readonly build: GraphBuilder;
  /** Nodes to be looked at; none before the search begins. */
  private queue: Node[] = [];
  private queued = new Set<Node>();
  private isSearching = false;
  /** What the steps of a script mean. */
  private readonly byId = new Map<number, Node>();
  private readonly steps: ScriptStep[] = [];
  private readonly rewrites: RewriteRecord[] = [];
  /** The latest refusal of each rule at each node; a node that goes takes its refusals along. */
  private readonly refusals = new Map<Node, Map<FusionRule, string>>();
  private readonly counted: readonly CountedRule[];
  /** What the match that is being looked for has found so far; empty between two. */
  private readonly found: Bindings = { values: new Map(), nodes: [] };

  constructor(
    private readonly graph: Graph,
    rules: readonly FusionRule[],
    private readonly options: RewriteOptions,
    private readonly live: LiveGraph,
  ) {
    this.build = new GraphBuilder(graph);
    this.counted = rules.map((rule, number) => ({ rule, number, tried: 0, fired: 0, ms: 0 }));
  }

  *run(): Steps<RewriteResult> {
    const { script } = this.options;
    if (!script?.steps || !this.follow(script.steps)) yield* this.search();
    if (script) script.steps = this.steps;
    if (this.rewrites.length > 0) this.graph.nodes = sortTopologically([...this.live.nodes]);
    return {
      rewrites: this.rewrites,
      refusals: [...this.refusals].flatMap(([node, reasons]) =>
        [...reasons].map(([rule, reason]) => ({ rule: rule.name, nodes: node.origins, reason })),
      ),
      statistics: this.counted.map((counted) => this.describe(counted)),
    };
  }

  /** Goes through the steps of another graph; false where one does not come to the same here. */
  private follow(steps: readonly ScriptStep[]): boolean {
    if (steps.length === 0) return true;
    const { live, byId } = this;
    for (const node of live.nodes) byId.set(node.id, node);
    for (const { rule, root, fired } of steps) {
      const node = byId.get(root);
      if (!node || !live.nodes.has(node)) return false;
      if (this.attempt(this.counted[rule], node) !== fired) return false;
    }
    return true;
  }

  /** Tries the rules at every node until none fires any more. */
  private *search(): Steps<void> {
    let budget = MAX_REWRITES_PER_NODE * this.graph.nodes.length + 64;
    this.isSearching = true;
    // The queue grows while it is worked through.
    this.queue = [...this.live.nodes];
    this.queued = new Set(this.queue);
    const { limit = Infinity } = this.options;
    const byKernel = new Map<string, readonly CountedRule[]>();
    const rulesFor = (kernel: string): readonly CountedRule[] => {
      let found = byKernel.get(kernel);
      if (!found) {
        found = this.counted.filter(({ rule }) => rule.match.kernels?.has(kernel) ?? true);
        byKernel.set(kernel, found);
      }
      return found;
    };
    for (let at = 0; at < this.queue.length && budget > 0; at++) {
      if (this.rewrites.length >= limit) break;
      if (at % NODES_PER_STEP === 0) yield;
      const node = this.queue[at];
      this.queued.delete(node);
      if (this.live.nodes.has(node) && this.visit(node, rulesFor(node.kernel))) budget--;
    }
    if (budget === 0) {
      console.warn(
        `[webgpu-fused] rewriting stopped: rules undo each other's work. Fired last: ` +
          `${[...new Set(this.rewrites.slice(-16).map(({ rule }) => rule))].join(', ')}.`,
      );
    }
  }

  private describe({ rule, tried, fired, ms }: CountedRule): RuleStatistics {
    let refused = 0;
    for (const reasons of this.refusals.values()) if (reasons.has(rule)) refused++;
    return { rule: rule.name, tried, fired, refused, ms };
  }

  /** Tries the rules at one node; true if one fired. */
  private visit(node: Node, rules: readonly CountedRule[]): boolean {
    return rules.some((counted) => this.attempt(counted, node));
  }

  private attempt(counted: CountedRule, root: Node): boolean {
    const { rule, number } = counted;
    const { found } = this;
    counted.tried++;
    let isFound = false;
    const reasons: string[] = [];
    const made: { replacements: readonly Replacement[]; origins: readonly string[] }[] = [];
    rule.match.match(root.outputs[0], found, () => {
      isFound = true;
      const start = performance.now();
      const outcome = this.rewriteOf(rule, this.matchOf(root, found));
      counted.ms += performance.now() - start;
      if (typeof outcome === 'string') {
        if (outcome !== '') reasons.push(outcome);
        return false;
      }
      made.push({ replacements: outcome, origins: this.build.origins });
      return true;
    });
    found.values.clear();
    found.nodes.length = 0;
    if (isFound) this.steps.push({ rule: number, root: root.id, fired: made.length > 0 });
    for (const { replacements, origins } of made) {
      counted.fired++;
      this.refusals.get(root)?.delete(rule);
      this.options.trace?.(`${rule.name}: ${root.outputs[0].name} rewritten, ${rule.equation}`);
      this.rewrites.push({ rule: rule.name, nodes: origins });
      for (const [old, replacement] of replacements) this.replace(old, replacement);
      return true;
    }
    if (reasons.length > 0) {
      // The first way of matching is the one a reader would think of.
      const [reason] = reasons;
      this.options.trace?.(`${rule.name}: ${root.outputs[0].name} refused, because ${reason}`);
      const known = this.refusals.get(root);
      if (known) known.set(rule, reason);
      else this.refusals.set(root, new Map([[rule, reason]]));
    }
    return false;
  }

  private matchOf(root: Node, found: Bindings): Match {
    const values = new Map(found.values);
    return {
      root,
      nodes: [...new Set(found.nodes)],
      target: this.options.target ?? minimalTarget,
      find: (name) => values.get(name),
      value: (name) => {
        const value = values.get(name);
        if (!value) throw new Error(`[webgpu-fused] the pattern captured no value '${name}'.`);
        return value;
      },
      usesOf: (value) => [...(this.live.uses.get(value) ?? [])],
      isOutput: (value) => this.live.outputs.has(value),
    };
  }

  /** The replacements that a rule makes of a match, or the reason why it makes none. */
  private rewriteOf(rule: FusionRule, match: Match): readonly Replacement[] | string {
    const leak = rule.leaks === 'keep' ? null : this.findLeak(match);
    if (leak !== null) return leak;
    const found = rule.check?.(match) ?? null;
    if (typeof found === 'string') return found;
    const { nodes } = this.graph;
    const before = nodes.length;
    this.build.origins = originsOf(match.nodes);
    try {
      const result = rule.rewrite(match, this.build, found);
      const list: readonly Replacement[] = isValue(result)
        ? [[match.root.outputs[0], result]]
        : result;
      const wrong = list.find(
        ([old, by]) => old.dtype !== by.dtype || !sameShape(old.shape, by.shape),
      );
      if (!wrong) {
        for (const node of nodes.slice(before)) this.add(node);
        return list;
      }
      nodes.length = before;
      const [old, by] = wrong;
      return `its replacement is ${by.dtype} [${by.shape}], not ${old.dtype} [${old.shape}]`;
    } catch (error) {
      nodes.length = before;
      if (error instanceof RefusedError) return error.reason;
      throw error;
    }
  }

  /** Why an invocation inside the match is needed by others, or null. */
  private findLeak({ root, nodes }: Match): string | null {
    const { outputs, uses } = this.live;
    const inside = new Set(nodes);
    for (const node of nodes) {
      if (node === root) continue;
      const [value] = node.outputs;
      if (outputs.has(value)) return `${describeValue(node)} is an output`;
      for (const use of uses.get(value) ?? []) {
        if (!inside.has(use)) return `${describeValue(node)} is used by ${use.kernel} as well`;
      }
    }
    return null;
  }

  private add(node: Node): void {
    this.live.nodes.add(node);
    this.byId.set(node.id, node);
    for (const input of node.inputs) this.live.addUse(input, node);
    this.enqueue(node);
  }

  private enqueue(node: Node): void {
    if (!this.isSearching || this.queued.has(node)) return;
    this.queued.add(node);
    this.queue.push(node);
  }

  private replace(old: Value, by: Value): void {
    if (old === by) return;
    const { live } = this;
    for (const user of live.uses.get(old) ?? []) {
      user.inputs = user.inputs.map((input) => (input === old ? by : input));
      live.addUse(by, user);
      this.enqueue(user);
    }
    live.uses.delete(old);
    if (live.outputs.delete(old)) {
      live.outputs.add(by);
      this.graph.outputs = this.graph.outputs.map((value) => (value === old ? by : value));
    }
    if (by.producer) this.enqueue(by.producer);
    if (old.producer) this.removeIfDead(old.producer);
  }

  private removeIfDead(start: Node): void {
    const { live } = this;
    const stack = [start];
    for (let node = stack.pop(); node; node = stack.pop()) {
      if (!live.nodes.has(node) || node.outputs.some((value) => live.isNeeded(value))) continue;
      live.nodes.delete(node);
      this.refusals.delete(node);
      for (const input of node.inputs) {
        const users = live.uses.get(input);
        users?.delete(node);
        if (input.producer && !live.isNeeded(input)) stack.push(input.producer);
        else if (input.producer) for (const user of users ?? []) this.enqueue(user);
      }
    }
  }
}

function isValue(result: Value | readonly Replacement[]): result is Value {
  return !Array.isArray(result);
}

function originsOf(nodes: readonly Node[]): string[] {
  return [...new Set(nodes.flatMap((node) => node.origins))];
}

/** A node as its model names it. */
function describeValue(node: Node): string {
  const name = node.origins[node.origins.length - 1];
  return name === undefined ? `a ${node.kernel}` : `${node.kernel} (${name})`;
}
