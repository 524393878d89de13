/**
 * How graphs were rewritten before: one of the same structure, of other sizes, is rewritten by the same steps
 * instead of by a search. Every rule still checks every step, so that what is remembered can only be too little.
 */
import { attrsKey } from '../ir/attrs-key';
import { numberKey } from '../ir/expression';
import { sizeOf, type Graph, type Value } from '../ir/graph';
import { LruMap } from '../ir/lru-map';
import type { RewriteScript } from '../patterns/rewriter';

/** Structures remembered for a target: those of some large programs' flushes. */
const MAX_STRUCTURES = 256;

const remembered = new WeakMap<object, LruMap<string, RewriteScript[]>>();

/**
 * The scripts of the stages that a graph like this one went through on a target, to be filled in where it is the
 * first. With other rules there are none in common: `rules` tells them apart.
 */
export function scriptsFor(graph: Graph, target: object, rules: number): RewriteScript[] {
  const known = remembered.get(target) ?? new LruMap({ entries: MAX_STRUCTURES });
  remembered.set(target, known);
  const key = `${rules}\n${structureOf(graph)}`;
  const found = known.get(key) ?? [];
  known.set(key, found);
  return found;
}

/** A graph as text, without sizes; patterns ask no more of them than whether they are 1. */
function structureOf({ nodes, outputs }: Graph): string {
  const described = new Set<Value>();
  const idOf = (value: Value): string => {
    const { id, producer, constant } = value;
    if (producer || described.has(value)) return String(id);
    described.add(value);
    const host = constant && sizeOf(value.shape) === 1 ? constant.host : undefined;
    const number = host ? numberKey(host[0]) : '';
    return `${id}${constant ? 'c' : 'i'}${number}${typeOf(value)}`;
  };
  const lines = nodes.map(
    ({ id, kernel, inputs, attrs, outputs: results }) =>
      `${id}=${kernel}(${inputs.map(idOf).join()})${attrsKey(attrs)}${results.map(typeOf).join()}`,
  );
  return `${lines.join('\n')}\n${outputs.map(idOf).join()}`;
}

function typeOf({ dtype, shape }: Value): string {
  let dims = '';
  for (const dim of shape) dims += dim === 1 ? '1' : 'n';
  return dtype + dims;
}
