/** An app whose backend cannot be had goes on with one that works; one that chooses none has its own. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { keepDefaultBackend } from '../../../src/host/default-backend';
import { beginInit, NoWebGPUError } from '../../../src/host/failed-backend';

const cpu = tf.findBackendFactory('cpu') as () => tf.KernelBackend;
const failures = new Map<string, number>();

/** A backend that initialises as WebGPU does, and fails. */
function failing(name: string, error: Error) {
  return async () => {
    failures.set(name, (failures.get(name) ?? 0) + 1);
    const fail = beginInit(name);
    await Promise.resolve();
    await fail(error);
    throw error;
  };
}

let warn: jest.SpyInstance<void, unknown[]>;
const lines = (): unknown[] =>
  warn.mock.calls.map(([line]) => String(line)).filter((line) => !line.includes('tfjs-node'));

beforeAll(() => {
  tf.registerBackend('own', failing('own', new NoWebGPUError('got none; needs one.')), -1);
  tf.registerBackend('webgpu', () => Promise.reject(new Error('no adapter')), 3);
  tf.registerBackend('later', async () => (await Promise.resolve(), cpu()), 2);
  for (const name of ['later', 'best']) tf.copyRegisteredKernels('cpu', name);
  keepDefaultBackend(['own', 'webgpu']);
});

beforeEach(() => {
  warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
});

afterEach(() => {
  warn.mockRestore();
  failures.clear();
});

test('setBackend answers false, and the app is on the best that works', async () => {
  expect(await tf.setBackend('own')).toBe(false);
  expect(tf.getBackend()).toBe('later');
  expect([...tf.add([1], 1).dataSync()]).toEqual([2]);
  expect(lines()).toEqual(["got none; needs one. The app runs on 'later'."]);
  await tf.ready();
  expect(failures.get('own')).toBe(1);
});

test('the same where the best that works initialises at once', async () => {
  tf.removeBackend('later');
  expect(await tf.setBackend('own')).toBe(false);
  expect(tf.getBackend()).toBe('cpu');
  expect(tf.backend()).toBeInstanceOf(Object);
  expect(lines()).toEqual(["got none; needs one. The app runs on 'cpu'."]);
});

test('an app that has chosen another one meanwhile keeps it', async () => {
  const choice = tf.setBackend('own');
  await tf.setBackend('cpu');
  expect(await choice).toBe(false);
  expect(tf.getBackend()).toBe('cpu');
  expect([...tf.add([1], 1).dataSync()]).toEqual([2]);
  expect(lines()).toEqual(['got none; needs one.']);
});

test('asking whether it is there changes nothing', async () => {
  await tf.setBackend('cpu');
  expect(tf.findBackend('own')).toBeNull();
  await new Promise((resolve) => setTimeout(resolve));
  expect(tf.getBackend()).toBe('cpu');
  expect(lines()).toEqual(['got none; needs one.']);
});

describe('an app that chooses none', () => {
  /** As at the start of a page. */
  function forget(): void {
    const host = tf.engine() as unknown as Record<string, unknown>;
    host.backendName = null;
    host.backendInstance = null;
  }

  test('and does not wait has what it would have without WebGPU', () => {
    forget();
    const variable = tf.variable(tf.tensor1d([1, 2]));
    expect([...tf.sum(variable).dataSync()]).toEqual([3]);
    expect(tf.getBackend()).toBe('cpu');
    expect(failures.size).toBe(0);
  });

  test('and waits has the best', async () => {
    tf.registerBackend('best', async () => (await Promise.resolve(), cpu()), 4);
    forget();
    await tf.ready();
    expect(tf.getBackend()).toBe('best');
    tf.removeBackend('best');
  });

  test('has WebGPU where there is nothing else', () => {
    forget();
    tf.removeBackend('cpu');
    expect(() => tf.sum([1]).dataSync()).toThrow(/'webgpu' has not yet been initialized/);
  });
});
