/** From the nodes of a region to a graph of primitives, or the reason why a node has no form there. */
import { GraphBuilder } from '../../ir/builder';
import { readFrame, type FrameSpec } from '../../ir/frame';
import {
  removeDeadNodes,
  type ConstantData,
  type DType,
  type Graph,
  type Value,
  type ValueSpec,
} from '../../ir/graph';

import { RefusedError } from '../../ir/infer/refused';
import { parseInput, refKey, type NodeDef } from '../graph-def';
import { importerOf, whyNotImported } from '.';
import { HostValueNeeded, NodeImport } from './node-import';

/** A value that enters a region: a tensor of known shape and dtype, or a constant. */
export interface Feed extends ValueSpec {
  readonly constant?: ConstantData;
  /** dtype of the buffer behind it: tfjs casts without loss by calling integers floats. */
  readonly storedAs?: DType;
  /** Its elements come as a texture. */
  readonly frame?: FrameSpec;
}

/** Where a requested output of a region comes from. */
export type OutputSource =
  /** Output of the graph, by position. */
  | { readonly kind: 'graph'; readonly index: number }
  /** A feed passed through unchanged, by its reference. */
  | { readonly kind: 'feed'; readonly ref: string }
  /** Elements known already. */
  | { readonly kind: 'constant'; readonly value: Value };

/** Why a node has no form in the IR. */
export interface ImportRefusal {
  /** Model node to blame; absent if the feeds themselves cannot be handled. */
  readonly node?: string;
  readonly reason: string;
  /** Feeds whose elements, if the host knows them, would lift the refusal. */
  readonly needsHost: readonly string[];
}

/** A region in the IR. */
export interface ImportedRegion {
  /** Inputs are the feeds without `constant`, in the order given, used or not. */
  readonly graph: Graph;
  /** One entry an output asked for; `graph.outputs` holds each computed value once. */
  readonly outputs: readonly OutputSource[];
  /** Shape and dtype of every model value of the region, by reference. */
  readonly specs: ReadonlyMap<string, ValueSpec>;
}

/** A region that cannot be lowered. */
export interface RefusedRegion {
  /** The first refusal. */
  readonly refusal: ImportRefusal;
  /** All of them; nodes that depend on a refused one are not tried. */
  readonly refusals: readonly ImportRefusal[];
}

/**
 * Lowers model nodes to primitives.
 *
 * @param nodes the region, in topological order.
 * @param feeds values that the nodes read from outside, by reference (`name`, `name:k`). One that
 *   is missing, because its type is not the IR's, refuses the nodes that read it.
 * @param outputs references of the values that leave the region.
 */
export function importRegion(
  nodes: readonly NodeDef[],
  feeds: ReadonlyMap<string, Feed>,
  outputs: readonly string[],
): ImportedRegion | RefusedRegion {
  const builder = new GraphBuilder();
  const values = new Map<string, Value>();
  const fedBy = new Map<Value, string>();
  const refusals: ImportRefusal[] = [];
  const refusedNodes = new Set<string>();
  const attempt = (node: string | undefined, run: () => void): void => {
    try {
      run();
    } catch (error) {
      refusals.push(refusalOf(error, node, fedBy));
      if (node !== undefined) refusedNodes.add(node);
    }
  };
  for (const [ref, feed] of feeds) {
    attempt(undefined, () => {
      const value = feed.constant
        ? builder.constant(feed, feed.constant)
        : feed.frame
          ? builder.reshape(readFrame(builder, feed.frame, ref), feed.shape)
          : builder.input({ ...feed, dtype: feed.storedAs ?? feed.dtype });
      const typed = builder.cast(value, feed.dtype);
      values.set(ref, typed);
      fedBy.set(value, ref);
      fedBy.set(typed, ref);
    });
  }
  if (refusals.length > 0) return { refusal: refusals[0], refusals };
  for (const def of nodes) {
    if (def.input?.some((input) => refusedNodes.has(parseInput(input).node))) {
      refusedNodes.add(def.name);
      continue;
    }
    builder.origins = [def.name];
    attempt(def.name, () => importNode(builder, def, values));
  }
  if (refusals.length > 0) return { refusal: refusals[0], refusals };
  return { ...collectOutputs(builder.graph, values, fedBy, outputs), specs: values };
}

function refusalOf(
  error: unknown,
  node: string | undefined,
  fedBy: ReadonlyMap<Value, string>,
): ImportRefusal {
  if (error instanceof RefusedError) {
    const needsHost = error instanceof HostValueNeeded ? feedsBehind(error.value, fedBy) : [];
    return { node: error.nodes.at(0) ?? node, reason: error.reason, needsHost };
  }
  // tfjs-core's helpers, which the importers share, reject operands by plain errors.
  if (error instanceof Error && error.name === 'Error') {
    return { node, reason: error.message, needsHost: [] };
  }
  throw error;
}

function importNode(builder: GraphBuilder, def: NodeDef, values: Map<string, Value>): void {
  const importer = importerOf(def.op);
  if (!importer) throw new RefusedError(whyNotImported(def.op), [def.name]);
  const inputs: Value[] = [];
  for (const input of def.input ?? []) {
    const { key, control } = parseInput(input);
    if (control) continue;
    const value = values.get(key);
    if (!value) throw new RefusedError(`input ${input} has no form in the IR`, [def.name]);
    inputs.push(value);
  }
  const result = importer(new NodeImport(builder, def, inputs));
  const results = 'id' in result ? [result] : result;
  results.forEach((value, index) => {
    if (value) values.set(refKey(def.name, index), value);
  });
}

function collectOutputs(
  graph: Graph,
  values: ReadonlyMap<string, Value>,
  fedBy: ReadonlyMap<Value, string>,
  refs: readonly string[],
): { graph: Graph; outputs: OutputSource[] } {
  const outputs = refs.map((ref): OutputSource => {
    const value = values.get(parseInput(ref).key);
    if (!value) throw new RefusedError(`output ${ref} does not exist`);
    const feed = fedBy.get(value);
    if (feed !== undefined) return { kind: 'feed', ref: feed };
    if (value.constant) return { kind: 'constant', value };
    let index = graph.outputs.indexOf(value);
    if (index < 0) index = graph.outputs.push(value) - 1;
    return { kind: 'graph', index };
  });
  removeDeadNodes(graph);
  const read = new Set(graph.nodes.flatMap((node) => node.inputs));
  const used = graph.constants.filter((value) => read.has(value));
  graph.constants.splice(0, graph.constants.length, ...used);
  return { graph, outputs };
}

/** Feeds that the elements of `value` are computed from. */
function feedsBehind(value: Value, fedBy: ReadonlyMap<Value, string>): string[] {
  const seen = new Set<Value>([value]);
  const refs: string[] = [];
  for (const at of seen) {
    const ref = fedBy.get(at);
    if (ref !== undefined) refs.push(ref);
    for (const input of at.producer?.inputs ?? []) seen.add(input);
  }
  return refs;
}
