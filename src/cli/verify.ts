/** The command `verify`: what the fused model computes on this machine, judged by float64. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dispose } from '@tensorflow/tfjs-core';
import { EXIT } from './cli-error';
import { provideBackends } from './device-backends';
import { describeAdapter } from './gpu';
import { installedLayers } from './installed-layers';
import { loadModel, randomInputs, type InputShapes } from './loaded-model';
import { readModel } from './model-files';
import { namingNodes } from './name-node';
import type { Parts } from './parts';
import type { Terminal } from './terminal';
import { useBackend } from './use-backend';

export interface VerifyOptions {
  readonly input: InputShapes;
  readonly json?: boolean;
  /** Folder for the scripts that show divergences. */
  readonly scripts?: string;
}

export async function verifyCommand(
  source: string,
  { input, json, scripts }: VerifyOptions,
  terminal: Terminal,
  parts: Parts,
): Promise<number> {
  terminal.progress(`reading ${source}`);
  const files = await readModel(source);
  const adapter = describeAdapter(await provideBackends('verify', parts));
  await useBackend('verify', 'webgpu-fused');
  const { graph, layers, ...model } = await loadModel(files, installedLayers);
  const named = randomInputs('verify', model, input);
  terminal.progress(`verifying on ${adapter}: seconds, minutes for a large model`);
  const { verify } = await parts.verify();
  const subject = graph ?? layers;
  if (!subject) throw new Error(`${files.name} is no model.`);
  const inputs = graph ? named : Object.values(named);
  const verification = await namingNodes(files, () => verify(subject, inputs));
  dispose(named);
  const { text, ...told } = verification;
  if (scripts !== undefined) writeScripts(scripts, told.divergences);
  if (json) terminal.json({ model: files.name, adapter, ...told });
  else {
    const style = told.ok ? 'green' : 'red';
    const [verdict, ...rest] = text.split('\n');
    terminal.print(
      [`${files.name} on ${adapter}`, terminal.style(style, verdict), ...rest].join('\n'),
    );
  }
  return told.ok ? EXIT.ok : EXIT.no;
}

function writeScripts(folder: string, divergences: readonly { reproduction: string }[]): void {
  mkdirSync(folder, { recursive: true });
  divergences.forEach(({ reproduction }, at) => {
    if (reproduction) writeFileSync(join(folder, `divergence-${at + 1}.mjs`), reproduction);
  });
}
