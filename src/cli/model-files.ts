/** Reads a model: a `model.json`, a folder with one, or the address of either; and checks what it read. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { io } from '@tensorflow/tfjs-core';
import { CliError, messageOf } from './cli-error';
import { checkGraph, checkWeights, kindOf, type ModelKind } from './model-check';

/** A model as it is stored. */
export interface ModelFiles {
  /** What people call it: the path or address. */
  readonly name: string;
  readonly kind: ModelKind;
  readonly artifacts: io.ModelArtifacts;
}

const CONVERT =
  'Convert other formats first: tensorflowjs_converter, of the Python package tensorflowjs.';

/** @throws CliError that names the file, or the node, with which something is wrong. */
export async function readModel(source: string): Promise<ModelFiles> {
  const address = addressOf(source);
  const text = await read(address, 'the model');
  const json = parse(text.toString('utf8'), address);
  const kind = kindOf(json.modelTopology);
  if (!kind) {
    throw new CliError('model', {
      got: `${address}, JSON without a model's topology`,
      needs: 'the model.json of a graph model or a layers model',
      cure: CONVERT,
    });
  }
  if (kind === 'graph') checkGraph(address, json);
  const artifacts = await io.getModelArtifactsForJSON(json, async (manifest) => {
    const shards = await Promise.all(
      manifest.map(async (group) => {
        const parts = await Promise.all(
          group.paths.map((path) => read(beside(address, path), `weights of ${basename(address)}`)),
        );
        const bytes = Buffer.concat(parts);
        checkWeights(group, bytes.length, beside(address, group.paths[0] ?? ''));
        return bytes;
      }),
    );
    return [manifest.flatMap(({ weights }) => weights), owned(Buffer.concat(shards))];
  });
  return { name: source, kind, artifacts };
}

/** Where the JSON of a model is. */
function addressOf(source: string): string {
  if (/^https?:\/\//.test(source)) {
    const url = new URL(source);
    if (!url.pathname.endsWith('.json')) {
      url.pathname = `${url.pathname.replace(/\/$/, '')}/model.json`;
    }
    return url.href;
  }
  const path = source.startsWith('file:') ? fileURLToPath(source) : source;
  if (!existsSync(path)) {
    throw new CliError('model', {
      got: `no file or folder ${path}`,
      needs: 'the path or address of a model.json, or of a folder with one',
      cure: `The current folder is ${process.cwd()}.`,
    });
  }
  if (!statSync(path).isDirectory()) return path;
  const file = join(path, 'model.json');
  if (existsSync(file)) return file;
  const others = readdirSync(path).filter((name) => name.endsWith('.json'));
  throw new CliError('model', {
    got: `the folder ${path} without a model.json`,
    needs: 'one',
    cure: others.length > 0 ? `Name the file: it has ${others.join(', ')}.` : CONVERT,
  });
}

/** A file of the same folder; an address keeps its query, which may hold a key. */
function beside(address: string, path: string): string {
  if (!isUrl(address)) return join(dirname(address), path);
  const url = new URL(path, address);
  if (url.search === '') url.search = new URL(address).search;
  return url.href;
}

async function read(address: string, what: string): Promise<Buffer> {
  try {
    if (!isUrl(address)) return await readFile(address);
    const response = await fetch(address);
    if (!response.ok) throw new Error(`status ${response.status} ${response.statusText}`.trim());
    return Buffer.from(await response.arrayBuffer());
  } catch (error) {
    const { cause } = error as { cause?: unknown };
    const why = cause instanceof Error ? cause.message || messageOf(error) : messageOf(error);
    throw new CliError('model', {
      got: `${address} (${what}) that cannot be read: ${why}`,
      needs: 'all files of the model, the shards of its weights beside its model.json',
      cure: isUrl(address) ? 'Try the address in a browser.' : 'Copy what is missing there.',
    });
  }
}

function isUrl(address: string): boolean {
  return /^https?:\/\//.test(address);
}

function parse(text: string, address: string): io.ModelJSON {
  try {
    const json = JSON.parse(text) as unknown;
    if (typeof json === 'object' && json !== null) return json as io.ModelJSON;
    throw new SyntaxError('it is no object');
  } catch (error) {
    throw new CliError('model', {
      got: `${address} that is no JSON: ${messageOf(error)}`,
      needs: 'the model.json of a graph model or a layers model',
      cure: CONVERT,
    });
  }
}

/** A copy that owns its whole memory, as tfjs expects it. */
function owned(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
