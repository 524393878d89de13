import { readFileSync } from 'node:fs';
import {
  BACKEND,
  consume,
  CONSUMERS,
  type Prediction,
  type Served,
  serveConsumers,
} from './support';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

let server: Served;

beforeAll(async () => {
  server = await serveConsumers();
});

afterAll(() => server.close());

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
    expectAnswersOfCpu(await consume(server, 'esm.mjs'));
  });

  test('as CommonJS in Node', async () => {
    expectAnswersOfCpu(await consume(server, 'cjs.cjs'));
  });

  test.each([
    ['by script tag in Chromium', 'page.html'],
    ['in a Web Worker of Chromium', 'worker.html'],
  ])('%s', async (_where, page) => {
    expectAnswersOfCpu(await consume(server, 'browser.mjs', `${server.url}/${CONSUMERS}/${page}`));
  });
});
