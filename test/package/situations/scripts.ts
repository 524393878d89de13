/** Scripts in a Node of their own, from the root of the package. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

/** A script, and what its user would say of it. */
export interface Situation {
  readonly title: string;
  readonly source: string;
  readonly type?: 'module' | 'commonjs';
  readonly env?: NodeJS.ProcessEnv;
}

/** What came of a script. */
export interface Outcome {
  code: number;
  /** What the script printed. */
  out: string[];
  /** What this package said. */
  said: string[];
  error: string;
}

/** Runs a script in a process of its own, from the root of the package. */
export async function runScript(
  source: string,
  { type = 'module', env = {} }: Pick<Situation, 'type' | 'env'> = {},
): Promise<Outcome> {
  if (!existsSync('dist/node.mjs')) throw new Error('dist/ is missing: run `npm run build` first');
  const command = [`--input-type=${type}`, '--eval', source];
  const options = { timeout: 100_000, env: { ...process.env, ...env } };
  const done = await promisify(execFile)(process.execPath, command, options).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (failed: { code: number; stdout: string; stderr: string }) => failed,
  );
  const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
  const said = lines(done.stderr).filter((line) => line.includes('[webgpu-fused]'));
  return { code: done.code, out: lines(done.stdout), said, error: done.stderr };
}

/** An app that never awaits a backend, and makes variables at its top level. */
const NEVER_AWAITS = `
  const v = tf.variable(tf.tensor1d([1, 2, 3]));
  console.log(tf.sum(v).dataSync()[0], tf.getBackend());`;

/** Vulkan finds no driver. */
const NO_DRIVER = { VK_ICD_FILENAMES: '/nonexistent.json', VK_DRIVER_FILES: '/nonexistent.json' };

const importing = (entry: string): string =>
  `import * as tf from '@tensorflow/tfjs';${entry && ` import '${entry}';`}`;

const setsBackend = (entry: string): string => `${importing(entry)}
  console.log(await tf.setBackend('webgpu-fused'), tf.getBackend(), ...tf.add([1], 1).dataSync());`;

export const SITUATIONS = {
  quickStart: {
    title: 'Node, with the entry for it',
    source: `${importing('tfjs-backend-webgpu-fused/node')}
      await tf.setBackend('webgpu-fused');
      console.log(tf.getBackend(), ...tf.add([1, 2], 3).dataSync(), ...await tf.mul([1, 2], 3).data());`,
  },
  required: {
    title: 'Node: the same by require()',
    type: 'commonjs',
    source: `const tf = require('@tensorflow/tfjs');
      require('tfjs-backend-webgpu-fused/node');
      tf.setBackend('webgpu-fused').then(() => console.log(tf.getBackend(), ...tf.add([1, 2], 3).dataSync()));`,
  },
  neverAwaitsWithout: {
    title: 'Node: variables at the top level, nothing awaited, without our import',
    source: `${importing('')} ${NEVER_AWAITS}`,
  },
  neverAwaits: {
    title: 'Node: the same with the main entry, which has no WebGPU',
    source: `${importing('tfjs-backend-webgpu-fused')} ${NEVER_AWAITS}`,
  },
  neverAwaitsOnNode: {
    title: 'Node: the same with the node entry, then tf.ready(), then the backend by name',
    source: `${importing('tfjs-backend-webgpu-fused/node')} ${NEVER_AWAITS}
      await tf.ready();
      console.log(tf.getBackend(), await tf.setBackend('webgpu-fused'), tf.sum(v).dataSync()[0]);`,
  },
  mainEntry: {
    title: 'Node: the backend by name with the main entry, which has no WebGPU',
    source: setsBackend('tfjs-backend-webgpu-fused'),
  },
  noDriver: {
    title: 'Node: the backend by name with the node entry, but no driver',
    source: setsBackend('tfjs-backend-webgpu-fused/node'),
    env: NO_DRIVER,
  },
} satisfies Record<string, Situation>;

/** Runs one of them. */
export const runSituation = ({ source, type, env }: Situation): Promise<Outcome> =>
  runScript(source, { type, env });
