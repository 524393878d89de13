/** Says which node of a model is to blame where tfjs says only which op. */
import type { GraphDef } from '../graph-model/graph-def';
import { CliError, messageOf } from './cli-error';
import type { ModelFiles } from './model-files';

/** Runs something with a model. @throws CliError that names the node, where an op is not known. */
export async function namingNodes<T>(
  { name, artifacts }: ModelFiles,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const op = /Unknown op '([^']+)'/.exec(messageOf(error))?.[1];
    if (op === undefined) throw error;
    const { node: nodes } = artifacts.modelTopology as GraphDef;
    const node = nodes.find((each) => each.op === op);
    throw new CliError('model', {
      got: `node '${node?.name ?? 'of a function'}' (${op}) of ${name}, an op that tfjs does not have`,
      needs: 'ops of tfjs',
      cure: 'Where the app registers it, call explain(model) or verify(model) from there.',
    });
  }
}
