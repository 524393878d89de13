/** How long does rewriting a very large graph take? */
import { loadTopology } from '../../models/load';
import { selectModels } from '../../models/zoo';
import { prepareGpu, registerBackends, useBackend } from '../backends';
import { timeRewrite } from '../fused-api';
import type { RewriteResult, RewriteTask } from './protocol';

/** Runs the task: the weights are zeros, the model is not run. */
export async function measureRewrite(task: RewriteTask): Promise<RewriteResult> {
  const [entry] = selectModels([task.model]);
  prepareGpu();
  const { candidate } = await registerBackends('webgpu-fused');
  await useBackend(candidate);
  const graph = await loadTopology(entry);
  const { node } = (graph as unknown as { artifacts: GraphArtifacts }).artifacts.modelTopology;
  return { nodes: node.length, rewriteMs: await timeRewrite(graph) };
}

interface GraphArtifacts {
  modelTopology: { node: unknown[] };
}
