/**
 * The built package on a version of tfjs: the installed one, or those of `npm run test:tfjs`, which
 * installs them. Graph models, eager code and layers models give what `cpu` gives, fused.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { BACKEND, CONSUMERS, serveConsumers, type Served } from './support';

const { TFJS_VERSIONS } = process.env;
const versions = TFJS_VERSIONS ? TFJS_VERSIONS.split(',') : ['installed'];

const modulesOf = (version: string): string =>
  version === 'installed' ? 'node_modules' : `.cache/tfjs/${version}/node_modules`;

/** What an app does, given `tf`, `fused` and the address of a model: whether all is right, and fused. */
const APP = `
  async (tf, fused, modelUrl) => {
    const isNear = (a, b) => a.length === b.length && a.every((v, i) => Math.abs(v - b[i]) < 1e-4);
    const layers = tf.sequential({
      layers: [
        tf.layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu', inputShape: [8, 8, 3] }),
        tf.layers.batchNormalization(),
        tf.layers.flatten(),
        tf.layers.dense({ units: 3, activation: 'softmax' }),
      ],
    });
    // Two regions around an op that tfjs's own executor runs.
    tf.registerOp('Twice', ({ inputs }) => tf.mul(inputs[0], 2));
    const type = { type: 'DT_FLOAT' };
    const ops = ['Relu', 'Sin', 'Twice', 'Cos', 'Neg'];
    const nodes = ops.map((op, i) => ({ name: op, op, input: [ops[i - 1] ?? 'x'], attr: { T: type } }));
    const modelTopology = {
      versions: { producer: 1, minConsumer: 1 },
      node: [{ name: 'x', op: 'Placeholder', attr: { dtype: type } }, ...nodes],
    };
    const artifacts = { modelTopology, weightSpecs: [], weightData: new ArrayBuffer(0) };
    const run = async (name) => {
      const isSet = await tf.setBackend(name);
      const graph = await tf.loadGraphModel(modelUrl);
      const x = tf.sin(tf.reshape(tf.range(0, 192), [1, 8, 8, 3]));
      const parts = await tf.loadGraphModel(tf.io.fromMemory(artifacts));
      const answers = [];
      for (let call = 0; call < 4; call++) {
        const eager = () => tf.tidy(() => tf.relu(tf.add(tf.mul(tf.sin(x), 3), 1)));
        for (const make of [() => parts.predict(x), () => graph.predict(x), () => layers.predict(x), eager]) {
          answers.push(Array.from(await make().data()));
        }
      }
      return { isSet, graph, parts, answers };
    };
    const expected = await run('cpu');
    const { isSet, graph, parts, answers } = await run('${BACKEND}');
    return [
      isSet, answers.every((one, i) => isNear(one, expected.answers[i])),
      fused.explain(parts).regions.length, fused.explain(graph).dispatches.after, fused.lastTrace().dispatches,
    ];
  }`;

const RIGHT = [true, true, 2, 1, 1];

let served: Served;

beforeAll(async () => {
  const pages = versions.map((version): [string, string] => {
    const folder = `/${modulesOf(version)}/@tensorflow`;
    const scripts = [
      `${folder}/tfjs/dist/tf.min.js`,
      `${folder}/tfjs-backend-webgpu/dist/tf-backend-webgpu.min.js`,
      '/dist/webgpu-fused.umd.min.js',
    ];
    const tags = scripts.map((src) => `<script src="${src}"></script>`).join('');
    const app = `globalThis.result = (${APP})(tf, webgpuFused, '/model/model.json');`;
    return [`/pages/${version}.html`, `<!doctype html>${tags}<script>${app}</script>`];
  });
  served = await serveConsumers(Object.fromEntries<string>(pages));
});

afterAll(() => served.close());

test.each(versions)('tfjs %s, by script tags in Chromium', async (version) => {
  const command = [`${CONSUMERS}/transcript.mjs`, `${served.url}/pages/${version}.html`];
  const { stdout } = await promisify(execFile)(process.execPath, command, { timeout: 100_000 });
  const { lines, result } = JSON.parse(stdout) as { lines: string[]; result: unknown };
  expect({ result, said: lines.filter((line) => line.includes('[webgpu-fused]')) }).toEqual({
    result: RIGHT,
    said: [],
  });
});

/** Before 4.13 stock's WebGPU asks for a window, which Node has not. */
const inNode = versions.filter(
  (version) => version === 'installed' || !/^4\.1[12]\./.test(version),
);

test.each(inNode)('tfjs %s, in Node', async (version) => {
  const source = `
    import * as fused from 'tfjs-backend-webgpu-fused/node';
    import * as tf from '@tensorflow/tfjs';
    console.log(JSON.stringify(await (${APP})(tf, fused, '${served.url}/model/model.json')));`;
  const command = ['--input-type=module', '--eval', source];
  const cwd = version === 'installed' ? '.' : `.cache/tfjs/${version}`;
  const options = { timeout: 100_000, cwd };
  const { stdout } = await promisify(execFile)(process.execPath, command, options);
  expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toEqual(RIGHT);
});
