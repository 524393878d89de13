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

type Memory = LruMap<string, RewriteScript[]>;

/** Of each target, with the rules of the time. */
const remembered = new WeakMap<object, { memory: Memory; rules: number }>();

/** Which graphs are remembered: those whose sizes vary, and others where somebody wants to keep what they went through. */
export const remembers = { fixedSizes: false };

/**
 * The scripts of graphs that were rewritten for a target, one a stage, by {@link structureOf} them. With other rules
 * there are none in common: `rules` tells them apart.
 */
export function scriptsOf(target: object, rules: number): Memory {
  const { memory, rules: ofRules } = remembered.get(target) ?? {};
  if (memory && ofRules === rules) return memory;
  const made: Memory = new LruMap({ entries: MAX_STRUCTURES });
  remembered.set(target, { memory: made, rules });
  return made;
}

/** The scripts of the stages that graphs of a structure go through, to be filled in by the first of them. */
export function scriptsFor(structure: string, memory: Memory): RewriteScript[] {
  const found = memory.get(structure) ?? [];
  memory.set(structure, found);
  return found;
}

/** A graph as text, without sizes; patterns ask no more of them than whether they are 1. */
export function structureOf({ nodes, outputs }: Graph): string {
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
