/** The rewrite rules, in the order they are tried, and those that an app adds. */
import type { Graph } from '../ir/graph';
import { applyRules, type RewriteOptions, type RewriteResult } from '../patterns/rewriter';
import type { FusionRule } from '../patterns/rule';
import { builtInStages } from '../patterns/rules/index';
import { checkRule, guardRule } from '../patterns/rule-guard';

const ownRules: FusionRule[] = [];

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
  return () => {
    const at = ownRules.indexOf(guarded);
    if (at >= 0) ownRules.splice(at, 1);
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

/** Applies all rules to `graph`, stage by stage, until none fires. */
export function rewriteGraph(graph: Graph, options: RewriteOptions = {}): RewriteResult {
  const { limit = Infinity } = options;
  let made = 0;
  const results = stages().map((rules) => {
    const result = applyRules(graph, rules, { ...options, limit: limit - made });
    made += result.rewrites.length;
    return result;
  });
  return {
    rewrites: results.flatMap(({ rewrites }) => rewrites),
    refusals: results.flatMap(({ refusals }) => refusals),
    statistics: results.flatMap(({ statistics }) => statistics),
  };
}
