/** Near misses of every rule: rewritten on the host, or compiled and run; judged by the reference. */
import fc from 'fast-check';
import { simplifyAndRewrite } from '../../src/compiler/compile';
import {
  kernelTarget,
  type AdapterClass,
  type DeviceFacts,
  type KernelTarget,
} from '../../src/fused-kernels/target';
import { copyGraph, type Graph } from '../../src/ir/graph';
import { builtInStages } from '../../src/patterns/rules/index';
import { expectationOf, findRuleFault } from '../../src/verify/bisect-rules';
import { nearMisses, nearMissGraph, type NearMiss } from '../support/near-miss';
import { printGraph } from '../support/print-graph';
import { randomInput } from '../support/random-graph';
import type { Kind } from './kind';

/** The limits that every WebGPU device has; some have not more buffers than the least that kernels need. */
const FACTS: DeviceFacts = {
  maxWorkgroupsPerDimension: 65535,
  maxStorageBuffers: 8,
  maxBindingBytes: 2 ** 27,
  maxInvocations: 256,
  maxWorkgroupMemory: 16384,
  subgroupSizes: null,
};

const CLASSES: readonly AdapterClass[] = ['software', 'nvidia', 'arm', 'apple'];

export interface TargetedMiss extends NearMiss {
  readonly target: number;
}

export function targetOf(target: number): KernelTarget {
  const buffers = target % 5 === 4 ? 5 : 8;
  return kernelTarget({ ...FACTS, maxStorageBuffers: buffers }, CLASSES[target % CLASSES.length]);
}

export const rulesAtAll = builtInStages.flat().map(({ name }) => name);

export const targetedMisses = (names: readonly string[] = rulesAtAll): fc.Arbitrary<TargetedMiss> =>
  fc
    .record({ miss: nearMisses(names), target: fc.nat(19) })
    .map(({ miss, target }) => ({ ...miss, target }))
    .map((miss) => Object.assign(miss, { toString: () => text(miss) }));

function text(miss: TargetedMiss): string {
  const graph = nearMissGraph(miss);
  const { rule, changes, target } = miss;
  return `near ${rule}, target ${target}, ${JSON.stringify(changes)}\n${graph ? printGraph(graph) : 'none'}`;
}

export function inputsOf(graph: Graph): Float64Array[] {
  return graph.inputs.map((value, i) => Float64Array.from(randomInput(value, false, i + 1)));
}

/** What rewriting changes of the answers of a graph; null where nothing. */
export async function faultOf(graph: Graph, target: KernelTarget): Promise<string | null> {
  const device = { target, compileOptions: {} };
  const contents = { inputs: inputsOf(graph), constants: new Map() };
  const fault = await findRuleFault(device, graph, contents, await expectationOf(graph, contents));
  if (!fault) return null;
  const { rewrite, output, difference } = fault;
  const { at, actual, expected, allowed } = difference;
  return `rule ${rewrite.rule}: element ${at} of output ${output} is ${actual}, not ${expected} ± ${allowed}`;
}

/** {@link faultOf} a near miss. */
export async function ruleFaultOf(miss: TargetedMiss): Promise<string | null> {
  const graph = nearMissGraph(miss);
  return graph && (await faultOf(graph, targetOf(miss.target)));
}

/** Rules that fire on a near miss. */
export function firedOn(miss: TargetedMiss): string[] {
  const graph = nearMissGraph(miss);
  if (!graph) return [];
  const { rewrites } = simplifyAndRewrite(copyGraph(graph), targetOf(miss.target));
  return rewrites.map(({ rule }) => rule);
}

/** On the host, without a device. */
export const rules: Kind<TargetedMiss> = {
  name: 'rules',
  inputs: targetedMisses(),
  async check(miss) {
    const fault = await ruleFaultOf(miss);
    if (fault) throw new Error(fault);
  },
};
