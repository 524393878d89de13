/** The rewrite rules, in the order they are tried. */
import type { Graph } from '../ir/graph';
import type { RewriteRecord } from '../report/record';

/** Applies all rules to `graph` until none fires. */
export function rewriteGraph(_graph: Graph): RewriteRecord[] {
  return [];
}
