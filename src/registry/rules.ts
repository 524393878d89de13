/** The rewrite rules, in the order they are tried, and those that an app adds. */
import type { Graph } from '../ir/graph';
import { applyRules, type RewriteOptions, type RewriteResult } from '../patterns/rewriter';
import type { FusionRule } from '../patterns/rule';
import { builtInStages } from '../patterns/rules/index';

const ownRules: FusionRule[] = [];

/**
 * Adds a fusion, tried before the built-in ones, in graphs that are compiled from now on.
 *
 * @returns a function that takes it away again.
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
  if (allRules().some(({ name }) => name === rule.name)) {
    throw new Error(
      `[webgpu-fused] registerFusion: got a rule named '${rule.name}', which exists. ` +
        `Choose another name, or take the first one away with what registerFusion returned.`,
    );
  }
  ownRules.push(rule);
  return () => {
    const at = ownRules.indexOf(rule);
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
export function rewriteGraph(graph: Graph, options?: RewriteOptions): RewriteResult {
  const results = stages().map((rules) => applyRules(graph, rules, options));
  return {
    rewrites: results.flatMap(({ rewrites }) => rewrites),
    refusals: results.flatMap(({ refusals }) => refusals),
    statistics: results.flatMap(({ statistics }) => statistics),
  };
}
