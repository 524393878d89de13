import fc from 'fast-check';
import type { NodeDef } from '../../../src/graph-model/graph-def';
import { parseInput } from '../../../src/graph-model/graph-def';
import { NodeGraph } from '../../../src/graph-model/node-graph';
import { partitionGraph, type Partition } from '../../../src/graph-model/partition';
import { LEFT_TO_TFJS } from './support/test-graph';

const OPS = ['Relu', 'Square', 'AddV2', 'Reshape', LEFT_TO_TFJS, 'Where', 'Identity'];

/** Graphs of one placeholder, a few constants, and nodes that read up to two nodes before them. */
const graphs = fc
  .array(fc.record({ op: fc.constantFrom(...OPS, 'Const'), a: fc.nat(), b: fc.nat() }), {
    minLength: 1,
    maxLength: 40,
  })
  .map((choices) => {
    const nodes: NodeDef[] = [{ name: 'x', op: 'Placeholder' }];
    choices.forEach(({ op, a, b }, at) => {
      const input = [`n${a % (at + 1)}`, `n${b % (at + 1)}`].map((name) =>
        name === 'n0' ? 'x' : name,
      );
      nodes.push({ name: `n${at + 1}`, op, input: op === 'Const' ? [] : input });
    });
    return nodes;
  });

const cases = fc.tuple(graphs, fc.nat(), fc.nat()).map(([nodes, a, b]) => {
  const outputs = [...new Set([nodes[a % nodes.length].name, nodes[b % nodes.length].name])];
  return { nodes, outputs };
});

/** Nodes in the order of a rewritten graph: each region one node. */
function quotientEdges(partition: Partition): Map<string, Set<string>> {
  const owner = new Map<string, string>();
  partition.regions.forEach((region, at) => {
    for (const ref of region.outputs) owner.set(parseInput(ref).node, `region ${at}`);
  });
  const edges = new Map<string, Set<string>>();
  const add = (to: string, inputs: readonly string[]) =>
    edges.set(
      to,
      new Set(inputs.map((ref) => owner.get(parseInput(ref).node) ?? parseInput(ref).node)),
    );
  partition.regions.forEach((region, at) => add(`region ${at}`, region.inputs));
  for (const node of partition.rest) add(node.name, node.input ?? []);
  return edges;
}

function hasCycle(edges: Map<string, Set<string>>): boolean {
  const state = new Map<string, 'open' | 'done'>();
  const visit = (name: string): boolean => {
    if (state.get(name) === 'open') return true;
    if (state.get(name) === 'done') return false;
    state.set(name, 'open');
    const found = [...(edges.get(name) ?? [])].some(visit);
    state.set(name, 'done');
    return found;
  };
  return [...edges.keys()].some(visit);
}

function ancestors(nodes: readonly NodeDef[], names: readonly string[]): Set<string> {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const seen = new Set(names);
  for (const name of seen) {
    for (const input of byName.get(name)?.input ?? []) seen.add(parseInput(input).node);
  }
  return seen;
}

/** Whether only constants feed a node. */
function isConstant(nodes: readonly NodeDef[], name: string): boolean {
  const all = ancestors(nodes, [name]);
  return !all.has('x') && nodes.every(({ name: n, op }) => !all.has(n) || op !== LEFT_TO_TFJS);
}

describe('partitionGraph', () => {
  it('makes regions that no path leaves and enters again', () => {
    fc.assert(
      fc.property(cases, ({ nodes, outputs }) => {
        const partition = partitionGraph({ nodes, outputs, excluded: new Map() });
        expect(hasCycle(quotientEdges(partition))).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('puts every needed node in one place, and no other', () => {
    fc.assert(
      fc.property(cases, ({ nodes, outputs }) => {
        const { regions, rest } = partitionGraph({ nodes, outputs, excluded: new Map() });
        const needed = ancestors(nodes, outputs);
        const places = new Map<string, number>();
        for (const { name } of [...regions.flatMap((region) => region.nodes), ...rest]) {
          places.set(name, (places.get(name) ?? 0) + 1);
        }
        for (const name of places.keys()) expect(needed).toContain(name);
        for (const name of needed) {
          // Constants, and what only they feed, are wherever they are read.
          if (!isConstant(nodes, name)) expect(places.get(name)).toBe(1);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('declares all that regions read and give', () => {
    fc.assert(
      fc.property(cases, ({ nodes, outputs }) => {
        const { regions, rest } = partitionGraph({ nodes, outputs, excluded: new Map() });
        const outside = new Set(rest.map((node) => node.name));
        const given = new Set(regions.flatMap((region) => region.outputs));
        for (const region of regions) {
          const inside = new Set([...region.nodes.map((node) => node.name), ...region.constants]);
          for (const node of region.nodes) {
            for (const input of node.input ?? []) {
              expect(inside.has(input) || region.inputs.includes(input)).toBe(true);
            }
          }
          for (const ref of region.inputs) expect(outside.has(ref) || given.has(ref)).toBe(true);
        }
        for (const node of rest) {
          for (const input of node.input ?? []) {
            expect(outside.has(input) || given.has(input)).toBe(true);
          }
        }
        for (const ref of outputs) expect(outside.has(ref) || given.has(ref)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps excluded nodes out', () => {
    fc.assert(
      fc.property(cases, ({ nodes, outputs }) => {
        const excluded = new Map(
          nodes.filter((_, at) => at % 3 === 0).map(({ name }) => [name, 'no']),
        );
        const { regions } = partitionGraph({ nodes, outputs, excluded });
        for (const { name } of regions.flatMap((region) => region.nodes)) {
          expect(excluded.has(name)).toBe(false);
        }
      }),
    );
  });

  it('looks at edges in proportion to their number', () => {
    const looks = (count: number): number => {
      const nodes: NodeDef[] = [{ name: 'n0', op: 'Placeholder' }];
      for (let at = 1; at <= count; at++) {
        const op = at % 1000 === 0 ? LEFT_TO_TFJS : at % 2 ? 'Relu' : 'AddV2';
        const far = Math.max(0, at - (at % 37) - 1);
        nodes.push({
          name: `n${at}`,
          op,
          input: [`n${at - 1}`, `n${far}`].slice(0, op === 'Relu' ? 1 : 2),
        });
      }
      const inputs = jest.spyOn(NodeGraph.prototype, 'inputs');
      const { regions } = partitionGraph({ nodes, outputs: [`n${count}`], excluded: new Map() });
      expect(regions.length).toBe(count / 1000);
      const { length } = inputs.mock.calls;
      inputs.mockRestore();
      return length;
    };
    expect(looks(8000)).toBeLessThan(2.1 * looks(4000));
  });
});
