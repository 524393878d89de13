/** `WEBGPU_FUSED_RECOVER`: after a lost device the backend comes back, with what was uploaded. */
import { env } from '@tensorflow/tfjs-core';
import * as fused from '../../../src/index';
import { takeGpuErrors, useBackend } from '../../support/gpu';
import { expectRun, onCpu, rows, tf, tower, values } from '../capture/support';

const LOST = /device that was lost \(destroyed/;
const x = values(16, 3);
let warn: jest.SpyInstance<void, unknown[]>;

const backend = (): fused.WebGPUFusedBackend => tf.backend() as fused.WebGPUFusedBackend;
const said = (): string[] =>
  warn.mock.calls.map(([line]) => String(line)).filter((line) => line.startsWith('[webgpu-fused]'));

/** Destroys the device, and waits until the backend is back. */
async function loseDevice(): Promise<void> {
  const { device } = backend();
  device.destroy();
  await device.lost;
  await Promise.resolve();
  await tf.ready();
  expect(backend().device).not.toBe(device);
  await takeGpuErrors();
}

beforeAll(() => useBackend(tf, fused.BACKEND_NAME));

beforeEach(() => {
  env().set('WEBGPU_FUSED_RECOVER', true);
  warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  // Losses of one test do not count for another.
  jest.spyOn(performance, 'now').mockImplementation(() => (now += 0.01));
  now += 120_000;
});

afterEach(() => jest.restoreAllMocks());

let now = 0;

test('a model goes on, its weights uploaded again; one line says what happened', async () => {
  const model = tower().load();
  const [expected] = await onCpu(tower(), { x }, ['y']);
  await useBackend(tf, fused.BACKEND_NAME);
  for (let round = 0; round < 2; round++) {
    for (let call = 0; call < 4; call++) await expectRun(model, x, expected);
    if (round === 0) await loseDevice();
  }
  expect(said()).toEqual([
    expect.stringMatching(
      /got one that was lost \(destroyed.*Await tf.ready\(\) before the next call/,
    ),
  ]);
  expect(fused.explain(model).dispatches.after).toBeLessThan(5);
  model.dispose();
});

test('eager code and captured functions go on, with variables that were never trained', async () => {
  const v = tf.variable(tf.tensor1d([1, 2, 3]));
  const flags = tf.tensor1d([1, 0, 1], 'bool');
  const step = fused.capture((a: tf.Tensor) => tf.where(flags, tf.mul(a, v), 0));
  for (let round = 0; round < 2; round++) {
    for (let call = 0; call < 4; call++) {
      const given = tf.tensor1d([call, 5, 6]);
      expect([...(await step(given).data())]).toEqual([call, 0, 18]);
    }
    if (round === 0) await loseDevice();
  }
  expect([...(await flags.data())]).toEqual([1, 0, 1]);
  v.dispose();
});

test('what the app overwrote since is as it was when it was uploaded', async () => {
  const frame = Float32Array.of(1, 2, 3);
  const image = tf.tensor1d(frame);
  const y = tf.square(image);
  await y.data();
  frame.fill(9);
  await loseDevice();
  expect([...(await tf.add(image, 0).data())]).toEqual([1, 2, 3]);
});

test('what was computed is gone, and says so wherever it is needed', async () => {
  const computed = tf.square(tf.tensor1d([1, 2, 3]));
  const waiting = tf.exp(computed);
  const read = tf.square(tf.tensor1d([3]));
  await read.data();
  const { device } = backend();
  const flying = tf.square(tf.tensor1d([4])).data();
  const outcome = flying.then(String, (error: Error) => error.message);
  await loseDevice();
  expect(device).toBeDefined();
  expect(await outcome).toMatch(/^16$|lost/);
  await expect(computed.data()).rejects.toThrow(LOST);
  expect(() => computed.dataSync()).toThrow(/Await tf.ready\(\) and run it again/);
  expect(() => tf.add(computed, 1)).toThrow(LOST);
  expect(() => waiting.dataSync()).toThrow(LOST);
  // What was read back is on the host.
  expect([...(await tf.add(read, 1).data())]).toEqual([10]);
  for (const tensor of [computed, waiting, read]) tensor.dispose();
});

test('a call while it comes back says what to wait for', async () => {
  const model = tower().load();
  const given = rows({ x });
  await (model.execute(given, 'y') as tf.Tensor).data();
  const { device } = backend();
  device.destroy();
  await device.lost;
  await Promise.resolve();
  expect(() => model.execute(given, 'y')).toThrow(/await tf.ready\(\)/);
  await tf.ready();
  await (model.execute(given, 'y') as tf.Tensor).data();
  await takeGpuErrors();
});

test('a device that is lost again and again is given up', async () => {
  for (let times = 0; times < 3; times++) await loseDevice();
  const { device } = backend();
  device.destroy();
  await device.lost;
  await Promise.resolve();
  await tf.ready();
  expect(backend().device).toBe(device);
  expect(said().at(-1)).toMatch(/for the 4th time in a minute; needs one that stays/);
  expect(() => tf.square(tf.tensor1d([1]))).toThrow(LOST);
  await takeGpuErrors();
  tf.removeBackend(fused.BACKEND_NAME);
  fused.register();
  await useBackend(tf, fused.BACKEND_NAME);
});

test('without an adapter the app goes on elsewhere, with what was uploaded', async () => {
  const kept = tf.tensor1d([1, 2, 3]);
  await tf.square(kept).data();
  const { gpu } = navigator;
  const requestAdapter = gpu.requestAdapter.bind(gpu);
  gpu.requestAdapter = () => Promise.resolve(null);
  try {
    const { device } = backend();
    device.destroy();
    await device.lost;
    await Promise.resolve();
    await tf.ready();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(tf.getBackend()).toBe('cpu');
    expect([...tf.square(kept).dataSync()]).toEqual([1, 4, 9]);
    expect(said().at(-1)).toMatch(/got no WebGPU adapter.*The app runs on 'cpu'\./);
  } finally {
    gpu.requestAdapter = requestAdapter;
  }
  await takeGpuErrors();
  await useBackend(tf, fused.BACKEND_NAME);
});

test('with the flag off, all stays as it is', async () => {
  env().set('WEBGPU_FUSED_RECOVER', false);
  const { device } = backend();
  device.destroy();
  await device.lost;
  await Promise.resolve();
  expect(backend().device).toBe(device);
  expect(() => tf.square(tf.tensor1d([1]))).toThrow(/or set WEBGPU_FUSED_RECOVER before/);
  expect(said()).toEqual([]);
  await takeGpuErrors();
});
