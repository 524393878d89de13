/** From the nodes of a region to a graph of primitives, or the reason why a node has no form there. */
import { GraphBuilder } from '../../ir/builder';
import * as ix from '../../ir/index-expression';
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
import { isCounted } from '../counted-nodes';
import { parseInput, refKey, type NodeDef } from '../graph-def';
import { importerOf, whyNotImported } from '.';
import { importBounded, plainly, type Bounded } from './bounded';
import { Lengths, type Length } from './lengths';
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
export type OutputSource = (
  | /** Output of the graph, by position. */
    { readonly kind: 'graph'; readonly index: number }
    /** A feed passed through unchanged, by its reference. */
  | { readonly kind: 'feed'; readonly ref: string }
  /** Elements known already. */
  | { readonly kind: 'constant'; readonly value: Value }
) & {
  /** Which of the counts says how many rows of it are meant, where not all are. */
  readonly count?: number;
};

/** Why a node has no form in the IR. */
export interface ImportRefusal {
  /** Model node to blame; absent if the feeds themselves cannot be handled. */
  readonly node?: string;
  readonly reason: string;
  /** Feeds whose elements, if the host knows them, would lift the refusal. */
  readonly needsHost: readonly string[];
  /** Whether a count, once it was read, may lift it. */
  readonly waits?: boolean;
}

/** A region in the IR. */
export interface ImportedRegion {
  /** Inputs are the feeds without `constant`, in the order given, used or not. */
  readonly graph: Graph;
  /** One entry an output asked for; `graph.outputs` holds each computed value once. */
  readonly outputs: readonly OutputSource[];
  /** The last output of the graph holds the counts of outputs, where some have one. */
  readonly hasCounts: boolean;
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
  const known: Known = { values: new Map(), rows: new Map(), lengths: new Lengths(builder) };
  const { values } = known;
  // Nodes whose results are as many as was counted, however far back.
  const sized = new Set<string>();
  const fedBy = new Map<Value, string>();
  const refusals: ImportRefusal[] = [];
  const refusedNodes = new Set<string>();
  const attempt = (node: string | undefined, run: () => void, waits = false): void => {
    try {
      run();
    } catch (error) {
      refusals.push({ ...refusalOf(error, node, fedBy), ...(waits ? { node, waits } : {}) });
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
    const sources = (def.input ?? []).map((input) => parseInput(input).node);
    if (sources.some((source) => refusedNodes.has(source))) {
      refusedNodes.add(def.name);
      continue;
    }
    const waits = sources.some((source) => sized.has(source));
    const isSized = waits || isCounted(def);
    if (isSized) sized.add(def.name);
    builder.origins = [def.name];
    attempt(def.name, () => importNode(builder, def, known, isSized), waits);
  }
  if (refusals.length > 0) return { refusal: refusals[0], refusals };
  return { ...collectOutputs(builder.graph, known, fedBy, outputs), specs: values };
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

/** What is known of the values of a region, by reference. */
interface Known {
  readonly values: Map<string, Value>;
  /** How many rows are meant, where not all are. */
  readonly rows: Map<string, Length>;
  readonly lengths: Lengths;
}

/** @param isSized whether results, or operands however far back, are as many as was counted. */
function importNode(builder: GraphBuilder, def: NodeDef, known: Known, isSized: boolean): void {
  const { values, rows: rowsOf, lengths } = known;
  const importer = importerOf(def.op);
  if (!importer) throw new RefusedError(whyNotImported(def.op), [def.name]);
  const inputs: Value[] = [];
  const rows: (Length | undefined)[] = [];
  for (const input of def.input ?? []) {
    const { key, control } = parseInput(input);
    if (control) continue;
    const value = values.get(key);
    if (!value) throw new RefusedError(`input ${input} has no form in the IR`, [def.name]);
    inputs.push(value);
    rows.push(rowsOf.get(key));
  }
  const node = { node: new NodeImport(builder, def, inputs), rows, lengths, importer };
  let results: readonly Bounded[];
  if (!isSized) results = plainly(node);
  else if (isCounted(def) || rows.some((length) => length)) results = importBounded(node);
  else {
    try {
      results = plainly(node);
    } catch (error) {
      if (!(error instanceof HostValueNeeded)) throw error;
      try {
        results = importBounded(node);
      } catch {
        throw error;
      }
    }
  }
  results.forEach(({ value, rows: length }, index) => {
    if (!(value as Value | undefined)) return;
    const ref = refKey(def.name, index);
    // What does not depend on a count after all steers shapes as constants do.
    const found = isSized && !value.constant ? lengths.of(value) : undefined;
    const elements = found?.every(ix.isConstant) ? found.map(({ offset }) => offset) : undefined;
    values.set(ref, elements ? builder.hostConstant(value.shape, 'int32', elements) : value);
    if (length) rowsOf.set(ref, length);
  });
}

function collectOutputs(
  graph: Graph,
  { values, rows, lengths }: Known,
  fedBy: ReadonlyMap<Value, string>,
  refs: readonly string[],
): Omit<ImportedRegion, 'specs'> {
  const counts: Value[] = [];
  const outputs = refs.map((ref): OutputSource => {
    const { key } = parseInput(ref);
    const value = values.get(key);
    if (!value) throw new RefusedError(`output ${ref} does not exist`);
    const length = rows.get(key);
    const count = length && { count: counts.push(lengths.scalar(length)) - 1 };
    const feed = fedBy.get(value);
    if (feed !== undefined) return { kind: 'feed', ref: feed, ...count };
    if (value.constant) return { kind: 'constant', value, ...count };
    let index = graph.outputs.indexOf(value);
    if (index < 0) index = graph.outputs.push(value) - 1;
    return { kind: 'graph', index, ...count };
  });
  const hasCounts = counts.length > 0;
  if (hasCounts) graph.outputs.push(lengths.vector(counts));
  removeDeadNodes(graph);
  const read = new Set(graph.nodes.flatMap((node) => node.inputs));
  const used = graph.constants.filter((value) => read.has(value));
  graph.constants.splice(0, graph.constants.length, ...used);
  return { graph, outputs, hasCounts };
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
