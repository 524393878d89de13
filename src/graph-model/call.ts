/** Which calls of a model can be taken over: what tfjs would demand of them, known from the graph alone. */
import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { parseInput } from './graph-def';
import { InvalidModelError } from './invalid-model';
import type { Executor, ExecutorNode } from './model-internals';

/** Ops because of which tfjs demands `executeAsync`. */
const DYNAMIC: ReadonlySet<string> = new Set([
  ...['Switch', 'Merge', 'Enter', 'Exit', 'NextIteration', 'StatelessIf', 'StatelessWhile'],
  ...['if', 'While', 'NonMaxSuppressionV2', 'NonMaxSuppressionV3', 'NonMaxSuppressionV5', 'Where'],
  ...['HashTable', 'HashTableV2', 'LookupTableImport', 'LookupTableImportV2', 'LookupTableFind'],
  ...['LookupTableFindV2', 'LookupTableSize', 'LookupTableSizeV2'],
]);

/** What tfjs checks before it runs a model for some outputs. */
export interface CallRequirements {
  /** Placeholders that must be fed. */
  readonly placeholders: readonly string[];
  /** Whether the outputs need an op that only `executeAsync` runs. */
  readonly isDynamic: boolean;
  /** A constant without a weight, and who reads it: the model's files are not complete. */
  readonly missing?: MissingWeight;
}

interface MissingWeight {
  readonly name: string;
  /** The node that reads it, absent for an output. */
  readonly reader?: ExecutorNode;
}

/** Finds out what tfjs would demand of a call for these outputs; undefined if one is unknown. */
export function callRequirements(
  executor: Executor,
  outputs: readonly string[],
): CallRequirements | undefined {
  const { nodes } = executor.graph;
  const roots = outputs.map((ref) => nodes[parseInput(ref).node]);
  if (roots.some((node) => node === undefined)) return undefined;
  const seen = new Set<ExecutorNode>(roots);
  const placeholders: string[] = [];
  let isDynamic = false;
  let missing: MissingWeight | undefined;
  const readers = new Map<ExecutorNode, ExecutorNode>();
  for (const node of seen) {
    if (DYNAMIC.has(node.op)) isDynamic = true;
    if (executor.weightMap[node.name]) continue;
    if (node.op === 'Placeholder') placeholders.push(node.name);
    if (node.op === 'Const') missing ??= { name: node.name, reader: readers.get(node) };
    for (const input of node.inputs) {
      seen.add(input);
      if (!readers.has(input)) readers.set(input, node);
    }
  }
  return { placeholders, isDynamic, missing };
}

export function missingWeight({ name, reader }: MissingWeight): InvalidModelError {
  const read = reader
    ? `node ${reader.name} (${reader.op}) whose input ${reader.inputs.findIndex((input) => input.name === name)}, `
    : 'an output, ';
  return new InvalidModelError(
    `${read}the constant ${name}, has no weight`,
    'every weight that model.json lists',
  );
}

/**
 * Sorts the tensors of a call by placeholder, or answers undefined if tfjs would refuse the call
 * or treats it in a way of its own: a tensor of the wrong shape or dtype, a missing one, one for
 * an intermediate node. Let tfjs run such a call, and say what is wrong with it.
 *
 * @param inputs tensors by node, as `Executor.mapInputs` gives them.
 */
export function tensorsByPlaceholder(
  executor: Executor,
  inputs: NamedTensorMap,
  { placeholders }: CallRequirements,
): Map<string, Tensor> | undefined {
  const tensors = new Map<string, Tensor>();
  for (const name of Object.keys(inputs)) {
    const { node, index } = parseInput(name);
    const known = executor.graph.nodes[node];
    const tensor = inputs[name];
    if (index !== 0 || !known?.op.startsWith('Placeholder') || !accepts(known, tensor)) {
      return undefined;
    }
    tensors.set(node, tensor);
  }
  return placeholders.every((name) => tensors.has(name)) ? tensors : undefined;
}

/** The rules of tfjs's own check of inputs, and that the tensor is alive. */
function accepts({ attrParams }: ExecutorNode, tensor: Tensor | undefined): boolean {
  if (!tensor?.dataId || tensor.isDisposed) return false;
  const shape = attrParams.shape?.value as number[] | undefined;
  const dtype = attrParams.dtype?.value as string | undefined;
  const fits =
    !shape ||
    (shape.length === tensor.shape.length &&
      tensor.shape.every((dim, axis) => shape[axis] === -1 || shape[axis] === dim));
  return fits && (!dtype || dtype === tensor.dtype);
}
