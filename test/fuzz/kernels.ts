/** Near misses of every rule, compiled for some class of adapter, run, and judged by the reference. */
import * as tf from '@tensorflow/tfjs-core';
import type { WebGPUFusedBackend } from '../../src/backend/backend';
import {
  deviceFacts,
  kernelTarget,
  type AdapterClass,
  type KernelTarget,
} from '../../src/fused-kernels/target';
import { RefusedError } from '../../src/ir/infer/refused';
import { judgeGraph } from '../../src/verify/verify-graph';
import { nearMissGraph } from '../support/near-miss';
import { inputsOf, rulesAtAll, targetedMisses, type TargetedMiss } from './graphs';
import { inTime, type Kind } from './kind';

/** Rules whose graphs are large, which software computes slowly. */
const LARGE: ReadonlySet<string> = new Set(['split-reduction', 'split-depth', 'compose-attention']);

const CLASSES: readonly AdapterClass[] = ['software', 'software', 'nvidia', 'arm'];

async function check(miss: TargetedMiss): Promise<void> {
  const graph = nearMissGraph(miss);
  if (!graph || graph.outputs.every(({ producer }) => !producer)) return;
  await tf.setBackend('webgpu-fused');
  const device = tf.backend() as WebGPUFusedBackend;
  const before = device.target;
  const target: KernelTarget = {
    ...kernelTarget(deviceFacts(device.device), CLASSES[miss.target % CLASSES.length]),
    // What a GPU's driver unrolls takes a processor's minutes to compile.
    unrolls: device.adapterClass !== 'software',
  };
  Object.assign(device, { target });
  try {
    const [found] = await inTime(() => judgeGraph(device, graph, inputsOf(graph)));
    if (found) throw new Error(`${found.kind}: ${found.message}\n${found.wgsl ?? ''}`);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
  } finally {
    Object.assign(device, { target: before });
  }
}

export const kernels: Kind<TargetedMiss> = {
  name: 'kernels',
  inputs: targetedMisses(rulesAtAll.filter((name) => !LARGE.has(name))),
  check,
};
