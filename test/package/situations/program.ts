/** The program as people call it, on small models in a folder; and what it says of what is wrong. */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { smallGraphModel } from '../../support/small-graph-model';

/** How a call ended. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the program; colours are off, because nobody looks. */
export function callProgram(
  args: readonly string[],
  { cwd, env = {} }: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  const options = { cwd, timeout: 110_000, env: { ...process.env, ...env }, maxBuffer: 2 ** 26 };
  return new Promise((done) => {
    execFile(process.execPath, [resolve('dist/cli.mjs'), ...args], options, (error, out, err) => {
      done({ code: error ? Number(error.code) : 0, out, err });
    });
  });
}

/** What the program says for itself, without what drivers say and where the folder is. */
export const saidFor = (err: string, folder: string): string[] =>
  err
    .replaceAll(folder, '/models')
    .split('\n')
    .filter((line) => /^(\[webgpu-fused\]|error:|\(Did you mean)/.test(line));

interface Json {
  modelTopology: { node: { name: string; op: string; input?: string[] }[] };
  weightsManifest: { paths: string[]; weights: { name: string }[] }[];
}

/** Writes the small model, changed, into a folder of its own. */
export function writeSmallModel(
  folder: string,
  name: string,
  change: (json: Json) => void = () => undefined,
): string {
  const model = smallGraphModel();
  const json = structuredClone(model.json) as Json;
  change(json);
  const at = join(folder, name);
  mkdirSync(at, { recursive: true });
  writeFileSync(join(at, 'model.json'), JSON.stringify(json));
  writeFileSync(join(at, 'weights.bin'), model.weights);
  return at;
}

export function writeUnknownOp(folder: string): string {
  return writeSmallModel(folder, 'op', (json) => {
    const node = json.modelTopology.node.find(({ name }) => name === 'biased');
    if (node) node.op = 'Fourier';
  });
}

/** Something that is wrong: what is written into the folder, the call in that folder, what is said. */
interface BadInput {
  readonly title: string;
  readonly args: readonly string[];
  readonly says: RegExp;
  write?(folder: string): unknown;
}

const text = (name: string, content: string) => (folder: string) =>
  writeFileSync(join(folder, name), content);

const model = (name: string, change?: (json: Json) => void) => (folder: string) =>
  writeSmallModel(folder, name, change);

const UNKNOWN_OP = /got node 'biased' \(Fourier\) of .*, an op that tfjs does not have/;

export const BAD_INPUTS: readonly BadInput[] = [
  { title: 'an unknown command', args: ['explian'], says: /unknown command 'explian'/ },
  { title: 'no model', args: ['explain'], says: /missing required argument 'model'/ },
  {
    title: 'a file that is not there',
    args: ['explain', '/no/such'],
    says: /got no file or folder \/no\/such/,
  },
  {
    title: 'a folder without a model',
    write: (folder) => mkdirSync(join(folder, 'empty'), { recursive: true }),
    args: ['verify', 'empty'],
    says: /got the folder .* without a model\.json/,
  },
  {
    title: 'no JSON',
    write: text('graph.pb', 'binary'),
    args: ['explain', 'graph.pb'],
    says: /graph\.pb that is no JSON.*tensorflowjs_converter/,
  },
  {
    title: 'JSON that is no model',
    write: text('other.json', '{"a":1}'),
    args: ['bench', 'other.json'],
    says: /JSON without a model's topology/,
  },
  {
    title: 'weights that are not there',
    write: model('shards', (json) => (json.weightsManifest[0].paths = ['gone.bin'])),
    args: ['explain', 'shards'],
    says: /gone\.bin .*cannot be read/,
  },
  {
    title: 'weights that are cut',
    write(folder) {
      writeFileSync(join(writeSmallModel(folder, 'cut'), 'weights.bin'), new Uint8Array(12));
    },
    args: ['explain', 'cut'],
    says: /got 12 bytes of weights in .*weights\.bin; needs 448/,
  },
  {
    title: 'a node that reads one that is not there',
    write: model('edges', (json) => {
      const node = json.modelTopology.node.find(({ name }) => name === 'biased');
      if (node) node.input = ['conv', 'nowhere'];
    }),
    args: ['explain', 'edges'],
    says: /got node 'biased' \(BiasAdd\) of .* that reads 'nowhere'/,
  },
  {
    title: 'a constant without weights',
    write: model('bare', (json) => json.weightsManifest[0].weights.pop()),
    args: ['explain', 'bare'],
    says: /got node 'bias' \(Const\) of .* without weights/,
  },
  {
    title: 'an op that tfjs does not have',
    write: writeUnknownOp,
    args: ['verify', 'op'],
    says: UNKNOWN_OP,
  },
  { title: 'the same of bench', write: writeUnknownOp, args: ['bench', 'op'], says: UNKNOWN_OP },
  {
    title: 'a shape that does not fit',
    write: model('small'),
    args: ['explain', 'small', '--input', 'image=1,9,8,3'],
    says: /got shape \[1, 9, 8, 3\] for input 'image'; needs \[any, 8, 8, 3\]/,
  },
  {
    title: 'an input that the model does not have',
    write: model('small'),
    args: ['bench', 'small', '--input', 'picture=1'],
    says: /got --input picture; needs an input of the model: image/,
  },
  {
    title: 'no shape',
    args: ['explain', 'x', '--input', 'image'],
    says: /not a name and a shape/,
  },
  {
    title: 'an unknown class of adapter',
    args: ['explain', 'x', '--adapter', 'nvidea'],
    says: /Allowed choices are/,
  },
  {
    title: 'no server',
    args: ['explain', 'http://localhost:9/model.json'],
    says: /cannot be read/,
  },
];
