/** What can be wrong with a stored model that tfjs would stumble over later, without a name. */
import type { io } from '@tensorflow/tfjs-core';
import { parseInput, type GraphDef, type NodeDef } from '../graph-model/graph-def';
import { byteLength } from '../graph-model/weights';
import { CliError } from './cli-error';

export type ModelKind = 'graph' | 'layers';

/** What kind of model a topology is of; undefined if of none. */
export function kindOf(topology: unknown): ModelKind | undefined {
  if (typeof topology !== 'object' || topology === null) return undefined;
  if (Array.isArray((topology as { node?: unknown }).node)) return 'graph';
  return 'model_config' in topology || 'class_name' in topology ? 'layers' : undefined;
}

/** @throws CliError if a node reads one that is not there, or a constant has no weights. */
export function checkGraph(file: string, { modelTopology, weightsManifest }: io.ModelJSON): void {
  const { node: nodes } = modelTopology as unknown as GraphDef;
  const names = new Set(nodes.map(({ name }) => name));
  const weights = new Set((weightsManifest ?? []).flatMap((group) => group.weights.map(nameOf)));
  for (const node of nodes) {
    const missing = (node.input ?? []).find((input) => !names.has(parseInput(input).node));
    if (missing !== undefined) {
      throw inNode(file, node, `that reads '${missing}'`, 'inputs that are nodes of the graph');
    }
    if (node.op === 'Const' && !weights.has(node.name)) {
      throw inNode(file, node, 'without weights', 'an entry in the weightsManifest');
    }
  }
}

function inNode(file: string, { name, op }: NodeDef, got: string, needs: string): CliError {
  return new CliError('model', {
    got: `node '${name}' (${op}) of ${file} ${got}`,
    needs,
    cure: 'Convert the model again: this file was cut or edited.',
  });
}

/** @throws CliError if a group of weights has another number of bytes than its specification says. */
export function checkWeights(
  group: io.WeightsManifestConfig[number],
  bytes: number,
  file: string,
): void {
  const sizes = group.weights.map(byteLength);
  if (sizes.some((size) => size === undefined)) return;
  const expected = sizes.reduce((sum: number, size) => sum + (size as number), 0);
  if (expected === bytes) return;
  throw new CliError('model', {
    got: `${bytes} bytes of weights in ${group.paths.length > 1 ? `${file} and its like` : file}`,
    needs: `${expected}, for ${group.weights.length} weights from '${group.weights[0].name}' on`,
    cure: 'Copy or download the shards again.',
  });
}

function nameOf({ name }: io.WeightsManifestEntry): string {
  return name;
}
