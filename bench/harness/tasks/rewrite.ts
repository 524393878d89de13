/** How long does rewriting a very large graph take? */
import { loadModel } from '../../models/load';
import { selectModels } from '../../models/zoo';
import { registerBackends, useBackend } from '../backends';
import { prepareGpu } from '../prepare-gpu';
import { timeRewrite } from '../fused-api';
import type { RewriteResult, RewriteTask } from './protocol';

/** Runs the task: the model is loaded, rewritten and compiled, but not run. */
export async function measureRewrite(task: RewriteTask): Promise<RewriteResult> {
  const [entry] = selectModels([task.model]);
  prepareGpu();
  const { candidate } = await registerBackends('webgpu-fused');
  await useBackend(candidate);
  const { graph } = await loadModel(entry);
  if (!graph) throw new Error(`${entry.name} is not a graph model.`);
  const { node } = (graph as unknown as { artifacts: GraphArtifacts }).artifacts.modelTopology;
  const shapes = Object.fromEntries(entry.inputs.map(({ name, shape }) => [name, shape]));
  return { nodes: node.length, rewriteMs: await timeRewrite(graph, shapes) };
}

interface GraphArtifacts {
  modelTopology: { node: unknown[] };
}
