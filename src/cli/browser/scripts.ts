/** The scripts of a page: the app's tfjs, and this package's, in the order in which they need each other. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CliError } from '../cli-error';
import { resolvePackage } from '../packages';

/** Scripts of tfjs by package; without those of the others a page does without layers, or kernels of `cpu`. */
const OF_TFJS = [
  { name: '@tensorflow/tfjs-core', script: 'tf-core.min.js', isNeeded: true },
  { name: '@tensorflow/tfjs-layers', script: 'tf-layers.min.js' },
  { name: '@tensorflow/tfjs-converter', script: 'tf-converter.min.js', isNeeded: true },
  { name: '@tensorflow/tfjs-backend-cpu', script: 'tf-backend-cpu.min.js' },
  { name: '@tensorflow/tfjs-backend-webgpu', script: 'tf-backend-webgpu.min.js', isNeeded: true },
] as const;

const OWN = {
  name: 'tfjs-backend-webgpu-fused',
  script: 'webgpu-fused.umd.min.js',
  isNeeded: true,
} as const;

/** Their files. @throws CliError if one that is needed is not installed. */
export function scriptFiles(): string[] {
  return [...OF_TFJS, OWN].flatMap(({ name, script, ...rest }) => {
    const main = resolvePackage(name) ?? resolvePackage(name, ['@tensorflow/tfjs']);
    const file = main === undefined ? undefined : join(dirname(main), script);
    if (file !== undefined && existsSync(file)) return [file];
    if (!('isNeeded' in rest)) return [];
    throw new CliError('bench', {
      got: file === undefined ? `no package ${name}` : `${name} without ${file}`,
      needs: 'its script for the page',
      cure: `Run npm install ${name}.`,
    });
  });
}
