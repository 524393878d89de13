/** The command `export`: the fused graph as a file that viewers of models open. No GPU is needed. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AdapterClass } from '../fused-kernels/target';
import { version } from '../host/version';
import { CliError, EXIT } from './cli-error';
import { explainGraph } from './explain-graph';
import { fusedModelJson } from './fused-topology';
import type { InputShapes } from './loaded-model';
import { readModel } from './model-files';
import { namingNodes } from './name-node';
import type { Terminal } from './terminal';

export interface ExportOptions {
  readonly adapter: AdapterClass;
  readonly input: InputShapes;
  readonly out: string;
  readonly json?: boolean;
}

export async function exportCommand(
  source: string,
  { adapter, input, out, json }: ExportOptions,
  terminal: Terminal,
): Promise<number> {
  terminal.progress(`reading ${source}`);
  const files = await readModel(source);
  if (files.kind === 'layers') {
    throw new CliError('export', {
      got: 'a layers model, which is fused while it runs',
      needs: 'a graph model',
      cure: 'Convert it: --output_format=tfjs_graph_model.',
    });
  }
  terminal.progress(`compiling for adapters of class ${adapter}`);
  const told = await namingNodes(files, () => explainGraph(files, adapter, input));
  const model = fusedModelJson(told, `tfjs-backend-webgpu-fused ${version}`);
  if (json) {
    terminal.json(model);
    return EXIT.ok;
  }
  writeFileSync(out, JSON.stringify(model));
  const { node, library } = model.modelTopology;
  terminal.print(
    `wrote ${resolve(out)}: ${node.length} nodes, ${library.function.length} of them fused; open it in Netron`,
  );
  return EXIT.ok;
}
