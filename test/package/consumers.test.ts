import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { smallGraphModel } from '../support/small-graph-model';
import { serveFolder, type StaticServer } from '../support/static-server';

/** What a consumer prints. */
interface Prediction {
  backend: string;
  version: string;
  expected: number[];
  outputs: number[][];
}

const BACKEND = 'webgpu-fused';
const CONSUMERS = 'test/package/consumers';
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

let server: StaticServer;

beforeAll(async () => {
  if (!existsSync('dist/index.mjs')) throw new Error('dist/ is missing: run `npm run build` first');
  const model = smallGraphModel();
  server = await serveFolder('.', {
    '/model/model.json': JSON.stringify(model.json),
    '/model/weights.bin': model.weights,
  });
});

afterAll(() => server.close());

/** Runs a consumer in a process of its own, and reads the one line of JSON that it ends with. */
async function consume(script: string, ...args: string[]): Promise<Prediction> {
  const command = [`${CONSUMERS}/${script}`, ...args, `${server.url}/model/model.json`, BACKEND];
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, command, { timeout: 100_000 });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Prediction;
}

function expectAnswersOfCpu(prediction: Prediction): void {
  expect(prediction).toMatchObject({ backend: BACKEND, version });
  expect(prediction.outputs).toHaveLength(3);
  expect(prediction.expected.some((value) => value > 0)).toBe(true);
  for (const output of prediction.outputs) {
    expect(output).toHaveLength(prediction.expected.length);
    output.forEach((value, i) => expect(value).toBeCloseTo(prediction.expected[i], 4));
  }
}

describe('the built package runs a graph model', () => {
  test('as an ES module in Node', async () => {
    expectAnswersOfCpu(await consume('esm.mjs'));
  });

  test('as CommonJS in Node', async () => {
    expectAnswersOfCpu(await consume('cjs.cjs'));
  });

  test.each([
    ['by script tag in Chromium', 'page.html'],
    ['in a Web Worker of Chromium', 'worker.html'],
  ])('%s', async (_where, page) => {
    expectAnswersOfCpu(await consume('browser.mjs', `${server.url}/${CONSUMERS}/${page}`));
  });
});
