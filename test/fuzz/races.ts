/** Graphs whose answer is up to the order in which an executor gets to nodes. */
import { parseInput, type NodeDef } from '../../src/graph-model/graph-def';

/** Whether both inputs of a `Merge` may be there: it takes the one that comes first. */
export function hasRace(nodes: readonly NodeDef[]): boolean {
  const byName = new Map(nodes.map((node) => [node.name, node]));

  /** What `ref` depends on of switches, as `name:side`. */
  function sides(ref: string, seen = new Set<string>()): Set<string> {
    const { node: name, index } = parseInput(ref);
    const found = new Set<string>();
    const node = byName.get(name);
    if (!node || seen.has(name)) return found;
    if (node.op === 'Switch') found.add(`${name}:${index}`);
    seen.add(name);
    for (const input of node.input ?? []) for (const side of sides(input, seen)) found.add(side);
    return found;
  }

  return nodes.some(({ op, input = [] }) => {
    if (op !== 'Merge') return false;
    const [no, yes] = input.map((ref) => sides(ref));
    const other = (side: string): string => side.replace(/[01]$/, (n) => String(1 - Number(n)));
    return !yes || ![...no].some((side) => yes.has(other(side)));
  });
}
