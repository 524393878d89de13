import { consume, serveConsumers, type Served } from './support';

let served: Served;

beforeAll(async () => {
  served = await serveConsumers();
});

afterAll(() => served.close());

test('a hundred frames of a canvas and of bitmaps, in Chromium, give what stock gives', async () => {
  const page = `${served.url}/test/package/consumers/frames.html`;
  const { expected, outputs, growth } = await consume(served, 'browser.mjs', page);
  expect(outputs[0]).toHaveLength(expected.length);
  expect(expected.length).toBeGreaterThanOrEqual(100);
  expect(new Set(expected).size).toBeGreaterThan(100);
  outputs[0].forEach((value, i) => expect(value).toBeCloseTo(expected[i], 4));
  expect(growth).toBe(0);
});

test('pixels of every kind, size and number of channels, in Chromium, are what stock makes of them', async () => {
  const page = `${served.url}/test/package/consumers/sources.html`;
  const { expected, outputs, growth } = await consume(served, 'browser.mjs', page);
  expect(outputs[0]).toHaveLength(expected.length);
  expect(new Set(expected).size).toBeGreaterThan(1000);
  outputs[0].forEach((value, i) => expect(value).toBeCloseTo(expected[i], 4));
  expect(growth).toBe(0);
});
