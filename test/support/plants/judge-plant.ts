/** Compiles a case's graph for its adapter on the current device, and judges it. */
import * as tf from '@tensorflow/tfjs-core';
import { BACKEND_NAME, type WebGPUFusedBackend } from '../../../src/backend/backend';
import { compilePlan } from '../../../src/compiler/compile';
import { deviceFacts, kernelTarget, type KernelTarget } from '../../../src/fused-kernels/target';
import { copyGraph, type Graph } from '../../../src/ir/graph';
import { GraphBuilder } from '../../../src/ir/builder';
import type { Divergence } from '../../../src/verify';
import { judgeGraph } from '../../../src/verify/verify-graph';
import { GPU_CLASS } from '../differential';
import { useBackend } from '../gpu';
import { randomInput } from '../random-graph';
import type { PlantCase } from './cases';

export interface PlantedGraph {
  readonly graph: Graph;
  readonly inputs: readonly Float32Array[];
  readonly device: WebGPUFusedBackend;
  /** Families of the kernels that it compiles to. */
  families(): string[];
  judge(): Promise<readonly Divergence[]>;
}

export async function plantedGraph({
  build,
  adapter = GPU_CLASS,
}: PlantCase): Promise<PlantedGraph> {
  await useBackend(tf, BACKEND_NAME);
  const device = tf.backend() as WebGPUFusedBackend;
  const b = new GraphBuilder();
  b.origins = ['node'];
  b.graph.outputs.push(...[build(b)].flat());
  const { graph } = b;
  const inputs = graph.inputs.map((value, i) => randomInput(value, false, i + 1));
  // Loops that a GPU's driver unrolls take a processor's minutes to compile.
  const target: KernelTarget = {
    ...kernelTarget(deviceFacts(device.device), adapter),
    unrolls: device.adapterClass !== 'software',
  };
  return {
    graph,
    inputs,
    device,
    families: () =>
      compilePlan(copyGraph(graph), target, 'case').record.kernels.map(({ family }) => family),
    judge: async () => {
      const before = device.target;
      // A target of its own: shaders are written once for each.
      Object.assign(device, { target: { ...target } });
      try {
        return await judgeGraph(device, graph, inputs);
      } finally {
        Object.assign(device, { target: before });
      }
    },
  };
}
