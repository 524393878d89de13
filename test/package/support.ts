/** Serves the built package with a small model, and runs consumers of it. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { smallGraphModel } from '../support/small-graph-model';
import { serveFolder } from '../support/static-server';

export const BACKEND = 'webgpu-fused';
export const CONSUMERS = 'test/package/consumers';

/** What a consumer prints. */
export interface Prediction {
  backend: string;
  version: string;
  expected: number[];
  outputs: number[][];
  /** Tensors held more after the last call than after an early one, where that was counted. */
  growth?: number;
}

export interface Served {
  url: string;
  close(): unknown;
}

/**
 * Serves the repository, and the model under `/model`.
 *
 * @param pages more content, by path
 */
export async function serveConsumers(pages: Record<string, string> = {}): Promise<Served> {
  if (!existsSync('dist/index.mjs')) throw new Error('dist/ is missing: run `npm run build` first');
  const model = smallGraphModel();
  return serveFolder('.', {
    ...pages,
    '/model/model.json': JSON.stringify(model.json),
    '/model/weights.bin': model.weights,
  });
}

/** Runs a consumer in a process of its own, and reads the one line of JSON that it ends with. */
export async function consume(
  { url }: Served,
  script: string,
  ...args: string[]
): Promise<Prediction> {
  const command = [`${CONSUMERS}/${script}`, ...args, `${url}/model/model.json`, BACKEND];
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, command, {
    timeout: 100_000,
    maxBuffer: 64 * 2 ** 20,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Prediction;
}
