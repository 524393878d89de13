/** Verifies one graph of primitives: what the scripts of divergences call. */
import { engine, type TensorInfo } from '@tensorflow/tfjs-core';
import { compilePlan } from '../compiler/compile';
import { copyGraph, type Graph } from '../ir/graph';
import { hostData } from '../ir/host-evaluate';
import { PlanExecutor } from '../runtime/executor';
import type { PlanDevice } from '../runtime/plan-device';
import { findDivergences, type Divergence } from './divergence';
import { loadGraph, type GraphJson } from './graph-json';
import { formatDivergence } from './plan-audit';
import { recordRun } from './plan-run';

/** Compiles and runs a graph, which is not changed; answers what diverges. */
export async function judgeGraph(
  device: PlanDevice,
  source: Graph,
  inputs: readonly ArrayLike<number>[],
): Promise<Divergence[]> {
  const plan = compilePlan(copyGraph(source), device.target, 'reproduction', device.compileOptions);
  const executor = new PlanExecutor(device, plan);
  const infos = plan.inputs.map(({ shape, dtype }, i): TensorInfo =>
    device.makeTensorInfo([...shape], dtype, hostData(dtype, inputs[i])),
  );
  const outputs = executor.run(infos);
  const computed = [...new Set(plan.outputs)].filter((value) => value.producer !== undefined);
  const made = computed.map((value) => outputs[plan.outputs.indexOf(value)]);
  const run = recordRun(device, { plan, source, reject: () => undefined }, infos, made);
  try {
    return await findDivergences(device, run, await run.contents);
  } finally {
    for (const { dataId } of [...infos, ...outputs]) device.disposeData(dataId);
    executor.dispose();
  }
}

/** Compiles and runs a graph on the current backend; what diverges, and the same as text. */
export async function verifyGraph(
  json: GraphJson,
): Promise<{ readonly divergences: readonly Divergence[]; readonly text: string }> {
  const { graph, inputs } = loadGraph(json);
  const divergences = await judgeGraph(engine().backend as PlanDevice, graph, inputs);
  const text = divergences.map(formatDivergence).join('\n');
  return { divergences, text: text || '[webgpu-fused] verify: nothing diverges' };
}
