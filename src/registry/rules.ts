/** The rewrite rules, in the order they are tried, and those that an app adds. */
import type { Graph } from '../ir/graph';
import { runSteps, type Steps } from '../ir/steps';
import {
  LiveGraph,
  ruleSteps,
  type RewriteOptions,
  type RewriteResult,
  type RewriteScript,
} from '../patterns/rewriter';
import type { FusionRule } from '../patterns/rule';
import { builtInStages } from '../patterns/rules/index';
import { checkRule, guardRule } from '../patterns/rule-guard';

const ownRules: FusionRule[] = [];
/** Grows whenever there are other rules than before. */
let generation = 0;

/**
 * Adds a fusion, tried before the built-in ones, in graphs that are compiled from now on.
 *
 * A rule that throws is left out, with a warning that names it, and the model runs without it.
 *
 * @returns a function that takes it away again.
 * @throws Error if the rule lacks something, or its name is taken.
 * @example
 * import { pattern, registerFusion } from 'tfjs-backend-webgpu-fused';
 *
 * registerFusion({
 *   name: 'sqrt-of-square',
 *   equation: '√(x·x) ⇒ |x|',
 *   match: pattern.op('Sqrt', [pattern.op('Square', [pattern.any('x')])]),
 *   check: (match) => (match.value('x').dtype === 'float32' ? null : 'x is not float32'),
 *   rewrite: (match, build) => build.op('Abs', [match.value('x')]),
 * });
 */
export function registerFusion(rule: FusionRule): () => void {
  checkRule(rule);
  if (allRules().some(({ name }) => name === rule.name)) {
    throw new Error(
      `[webgpu-fused] registerFusion: got a rule named '${rule.name}', which exists. ` +
        `Choose another name, or take the first one away with what registerFusion returned.`,
    );
  }
  const guarded = guardRule(rule);
  ownRules.push(guarded);
  generation++;
  return () => {
    const at = ownRules.indexOf(guarded);
    if (at < 0) return;
    ownRules.splice(at, 1);
    generation++;
  };
}

/** An app's own rules, then the built-in stages. */
function stages(): readonly (readonly FusionRule[])[] {
  return ownRules.length > 0 ? [ownRules, ...builtInStages] : builtInStages;
}

/** Every rule, in the order they are tried. */
export function allRules(): readonly FusionRule[] {
  return stages().flat();
}

/** A number that tells which rules there are; the same as long as none is added or taken away. */
export function rulesGeneration(): number {
  return generation;
}

/** Applies all rules to `graph`, stage by stage, until none fires. */
export function rewriteGraph(
  graph: Graph,
  options?: Omit<RewriteOptions, 'script'>,
): RewriteResult {
  return runSteps(rewriteGraphSteps(graph, options));
}

/**
 * As {@link rewriteGraph}, in pieces of some nodes.
 * @param scripts of the stages that a graph of the same structure went through; filled in where they are missing.
 */
export function* rewriteGraphSteps(
  graph: Graph,
  options: Omit<RewriteOptions, 'script'> = {},
  scripts?: RewriteScript[],
): Steps<RewriteResult> {
  const { limit = Infinity } = options;
  let made = 0;
  const results: RewriteResult[] = [];
  let live: LiveGraph | undefined;
  for (const [stage, rules] of stages().entries()) {
    const script = scripts && (scripts[stage] ??= {});
    live ??= new LiveGraph(graph);
    const staged = { ...options, script, limit: limit - made };
    const result = yield* ruleSteps(graph, rules, staged, live);
    // Rules are told of readers in the order of the graph, which those of new nodes are not in.
    if (result.rewrites.length > 0) live = undefined;
    made += result.rewrites.length;
    results.push(result);
  }
  return {
    rewrites: results.flatMap(({ rewrites }) => rewrites),
    refusals: results.flatMap(({ refusals }) => refusals),
    statistics: results.flatMap(({ statistics }) => statistics),
  };
}
