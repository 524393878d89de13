/** Writes the topology in which each region is one node, for tfjs's own executor. */
import { parseInput, refKey, type GraphDef, type NodeDef } from './graph-def';
import type { Partition, Region } from './partition';

/** Op of a node that runs a region; its attribute `region` is the number of the region. */
export const REGION_OP = 'WebGPUFusedRegion';

/** Op of a node that gives outputs of a region under the name of the node that made them. */
export const OUTPUT_OP = 'WebGPUFusedOutput';

/**
 * Writes the topology in which each region is one node. Names that are asked for as outputs
 * still exist, as nodes that pass the region's results on.
 *
 * @param regionIds numbers by which the op finds the regions again.
 * @param wanted outputs asked for, as references.
 */
export function rewriteTopology(
  original: GraphDef,
  partition: Partition,
  regionIds: readonly number[],
  wanted: readonly string[],
): GraphDef {
  const names = freshNames(original, partition.regions.length);
  const source = new Map<string, string>();
  partition.regions.forEach((region, at) => {
    region.outputs.forEach((ref, index) => source.set(ref, refKey(names[at], index)));
  });
  const redirect = (input: string): string => source.get(parseInput(input).key) ?? input;
  const known = new Set(partition.rest.map((node) => node.name));
  const regions = partition.regions.map((region, at): NodeDef => ({
    name: names[at],
    op: REGION_OP,
    input: region.inputs.map(redirect),
    attr: { region: { i: regionIds[at] } },
  }));
  const rest = partition.rest.map((node) => redirectNode(node, source, known));
  return { ...original, node: [...rest, ...regions, ...outputNodes(wanted, source)] };
}

/** Node names that the graph does not use. */
function freshNames({ node }: GraphDef, count: number): string[] {
  const taken = new Set(node.map(({ name }) => name));
  const names: string[] = [];
  for (let number = 0; names.length < count; number++) {
    const name = `webgpu_fused_region_${number}`;
    if (!taken.has(name)) names.push(name);
  }
  return names;
}

function redirectNode(
  node: NodeDef,
  source: ReadonlyMap<string, string>,
  known: ReadonlySet<string>,
): NodeDef {
  if (!node.input?.length) return node;
  const input = node.input.flatMap((text) => {
    const { node: name, control, key } = parseInput(text);
    // What an order of execution was dropped for is not in this graph.
    if (control && !known.has(name)) return source.has(key) ? [`^${source.get(key)}`] : [];
    return control ? [text] : [source.get(key) ?? text];
  });
  return { ...node, input };
}

/** One node for each model node of which an output of a region is asked for. */
function outputNodes(wanted: readonly string[], source: ReadonlyMap<string, string>): NodeDef[] {
  const indices = new Map<string, Set<number>>();
  for (const ref of wanted) {
    const { node, index, key } = parseInput(ref);
    if (!source.has(key)) continue;
    const known = indices.get(node);
    if (known) known.add(index);
    else indices.set(node, new Set([index]));
  }
  return [...indices].map(([name, set]) => {
    const list = [...set].sort((a, b) => a - b);
    return {
      name,
      op: OUTPUT_OP,
      input: list.map((index) => source.get(refKey(name, index)) as string),
      attr: { indices: { list: { i: list } } },
    };
  });
}

/** Name of the placeholder that feeds input `at` of a region to {@link standaloneTopology}. */
export function standaloneInput(at: number): string {
  return `webgpu_fused_input_${at}`;
}

/** The topology of one region alone, with its inputs as placeholders: what tfjs falls back to. */
export function standaloneTopology(original: GraphDef, region: Region): GraphDef {
  const feeds = new Map(region.inputs.map((ref, at) => [ref, standaloneInput(at)]));
  const constants = new Set(region.constants);
  const nodes = region.nodes.map((node) => ({
    ...node,
    input: (node.input ?? []).flatMap((text) => {
      const { control, key } = parseInput(text);
      return control ? [] : [feeds.get(key) ?? text];
    }),
  }));
  return {
    versions: original.versions,
    node: [
      ...[...feeds.values()].map((name) => ({ name, op: 'Placeholder' })),
      ...original.node.filter((node) => constants.has(node.name)),
      ...nodes,
    ],
  };
}
