/**
 * A WebGPU call that fails, as drivers fail: what it makes is invalid, or it rejects, or the device is lost.
 * What is read then is right, or an error says what is wrong; and once the fault is over the next calls are
 * right, or say that the device was lost.
 */
import * as tf from '@tensorflow/tfjs-core';
// Gradients of kernels.
import '@tensorflow/tfjs';
import fc from 'fast-check';
import * as fused from '../../src/index';
import { attr, TestGraph, wave } from '../unit/graph-model/support/test-graph';
import { settings } from './compare';
import { inTime, type Kind } from './kind';

type Call = (...args: never[]) => unknown;

/** How one method fails: what is called in its place, given the arguments and the method. */
interface Failing {
  readonly on: (device: GPUDevice) => object;
  readonly method: string;
  fail(call: (...args: unknown[]) => unknown, args: readonly unknown[], device: GPUDevice): unknown;
}

const ofDevice = (device: GPUDevice): object => device;
const ofQueue = (device: GPUDevice): object => device.queue;
const ofBuffer = (): object => GPUBuffer.prototype;

const rejected = (): Promise<never> => Promise.reject(new Error('planted fault'));

/** By name. Things that are invalid are so by WebGPU's own rules, so that its errors are the real ones. */
const FAILING: Readonly<Record<string, Failing>> = {
  'a buffer that is dead': {
    on: ofDevice,
    method: 'createBuffer',
    fail(call, args) {
      const buffer = call(...args) as GPUBuffer;
      if (!(args[0] as GPUBufferDescriptor).mappedAtCreation) buffer.destroy();
      return buffer;
    },
  },
  'a buffer that cannot be had': {
    on: ofDevice,
    method: 'createBuffer',
    fail(call, [descriptor]) {
      const given = descriptor as GPUBufferDescriptor;
      if (given.mappedAtCreation) return call(given);
      const buffer = call({ ...given, size: 2 ** 40 }) as GPUBuffer;
      return Object.defineProperty(buffer, 'size', { value: given.size });
    },
  },
  'a shader that is none': {
    on: ofDevice,
    method: 'createShaderModule',
    fail: (call, [descriptor]) => call({ ...(descriptor as object), code: 'planted fault' }),
  },
  'a pipeline without an entry point': {
    on: ofDevice,
    method: 'createComputePipeline',
    fail: (call, [descriptor]) => call(withoutEntry(descriptor as GPUComputePipelineDescriptor)),
  },
  'a pipeline that is rejected': {
    on: ofDevice,
    method: 'createComputePipelineAsync',
    fail: (call, [descriptor]) => call(withoutEntry(descriptor as GPUComputePipelineDescriptor)),
  },
  'a bind group without entries': {
    on: ofDevice,
    method: 'createBindGroup',
    fail: (call, [descriptor]) => call({ ...(descriptor as object), entries: [] }),
  },
  'commands that are invalid': {
    on: ofQueue,
    method: 'submit',
    fail(call, _args, device) {
      const encoder = device.createCommandEncoder();
      encoder.pushDebugGroup('planted fault, never popped');
      return call([encoder.finish()]);
    },
  },
  'a buffer that dies before it is written': {
    on: ofQueue,
    method: 'writeBuffer',
    fail(call, args) {
      (args[0] as GPUBuffer).destroy();
      return call(...args);
    },
  },
  'a buffer that cannot be mapped': { on: ofBuffer, method: 'mapAsync', fail: rejected },
  'an error scope that is lost': { on: ofDevice, method: 'popErrorScope', fail: rejected },
  'a device that is lost': {
    on: ofQueue,
    method: 'submit',
    fail(call, args, device) {
      device.destroy();
      return call(...args);
    },
  },
};

function withoutEntry(descriptor: GPUComputePipelineDescriptor): GPUComputePipelineDescriptor {
  return { ...descriptor, compute: { ...descriptor.compute, entryPoint: 'planted_fault' } };
}

/** Has the `nth` call of a method from now on fail, and `count` in all; answers what takes it back. */
function plant(
  device: GPUDevice,
  { on, method, fail }: Failing,
  nth: number,
  count: number,
): { readonly failed: () => number; stop(): void } {
  const target = on(device) as Record<string, Call>;
  const isOwn = Object.hasOwn(target, method);
  const original = target[method];
  let calls = 0;
  let failed = 0;
  target[method] = function (this: unknown, ...args: never[]) {
    const call = (...given: unknown[]): unknown => original.apply(this, given as never[]);
    const at = calls++;
    if (at < nth || at >= nth + count) return call(...args);
    failed++;
    return fail(call, args, device);
  };
  return {
    failed: () => failed,
    stop() {
      if (isOwn) target[method] = original;
      else delete target[method];
      if (!isOwn && target[method] !== original) target[method] = original;
    },
  };
}

const rows = (): tf.Tensor2D => tf.tensor2d(wave(24), [3, 8]);

/** What is tried; each answers a function that computes afresh at each call. */
const SUBJECTS: Readonly<Record<string, () => () => tf.Tensor>> = {
  model: () => {
    const graph = new TestGraph();
    graph.placeholder('x', 'float32', [-1, 8]);
    graph.node('first', 'MatMul', ['x', graph.constant(wave(128), [8, 16])]);
    graph.node('mixed', 'Softmax', ['first']);
    graph.node('second', 'MatMul', ['mixed', graph.constant(wave(64), [16, 4])]);
    // Beside the regions, a kernel of tfjs's own.
    graph.node('square', 'Reshape', ['second', graph.ints([1, 1, 3, 4])]);
    graph.node('normal', 'LRN', ['square'], { depth_radius: attr.i(2), bias: attr.f(1) });
    graph.node('y', 'Cumsum', ['normal', graph.constant(3, [], 'int32')]);
    const model = graph.load();
    return () => tf.tidy(() => model.execute({ x: rows() }, 'y') as tf.Tensor);
  },
  eager: () => () =>
    tf.tidy(() => {
      const x = rows();
      return tf.cumsum(tf.softmax(tf.matMul(x, x, false, true)), 1);
    }),
  stock: () => () =>
    tf.tidy(() => tf.localResponseNormalization(tf.reshape<tf.Rank.R4>(rows(), [1, 1, 3, 8]))),
  captured: () => {
    const run = fused.capture((x: tf.Tensor) => tf.cumsum(tf.relu(tf.cumsum(x, 1)), 0));
    return () => tf.tidy(() => run(rows()));
  },
  trained: () => {
    const optimizer = tf.train.sgd(0.1);
    return () => {
      const w = tf.variable(tf.ones([8, 2]));
      for (let turn = 0; turn < 3; turn++) {
        optimizer.minimize(() => tf.mean<tf.Scalar>(tf.square(tf.matMul(rows(), w))));
      }
      const y = tf.clone(w);
      w.dispose();
      return y;
    };
  },
};

interface Fault {
  readonly subject: string;
  readonly what: string;
  readonly nth: number;
  /** Calls that fail, one after the other. */
  readonly count: number;
  readonly isLazy: boolean;
  /** Calls before the fault, so that what fails may be a first call, or one of what is known. */
  readonly warm: number;
  /** Whether tensors are read at once. */
  readonly isSync: boolean;
}

const close = (actual: ArrayLike<number>, expected: readonly number[]): boolean =>
  !settings.comparesElements ||
  expected.every((value, i) => Math.abs(actual[i] - value) <= 1e-4 * Math.max(1, Math.abs(value)));

/** An error of ours, or the planted one, whatever it is wrapped in. */
const NAMED = /\[webgpu-fused\]|planted fault/;

async function check({ subject, what, nth, count, isLazy, warm, isSync }: Fault): Promise<void> {
  await tf.setBackend('cpu');
  const reference = referenceOf(subject)();
  const expected = Array.from(reference.dataSync());
  reference.dispose();
  // A backend of its own, so that nothing is there yet.
  tf.env().set('WEBGPU_FUSED_LAZY', isLazy);
  tf.removeBackend(fused.BACKEND_NAME);
  fused.register();
  await tf.setBackend(fused.BACKEND_NAME);
  const { device } = tf.backend() as fused.WebGPUFusedBackend;
  let run: (() => tf.Tensor) | null = null;
  let planted: ReturnType<typeof plant> | null = null;
  const read = async (mayFail: boolean, when: string): Promise<void> => {
    try {
      run ??= SUBJECTS[subject]();
      const failed = planted?.failed() ?? 0;
      const y = run();
      const values = isSync ? y.dataSync() : await y.data();
      y.dispose();
      // What the driver says of this very task, `dataSync` cannot wait for: the documentation says so.
      const isUntold = isSync && planted?.failed() !== failed;
      if (!isUntold && !close(values, expected)) {
        throw new Error(
          `silence ${when}: ${Array.from(values).slice(0, 6)}, not ${expected.slice(0, 6)}`,
        );
      }
    } catch (error) {
      const { message } = error as Error;
      if (message.startsWith('silence')) throw error;
      if (!mayFail) throw new Error(`${when}: throws ${message}`, { cause: error });
      if (!NAMED.test(message)) throw new Error(`nameless ${when}: ${message}`, { cause: error });
    }
  };
  const patient = (mayFail: boolean, when: string): Promise<void> =>
    inTime(() => read(mayFail, when));
  for (let call = 0; call < warm; call++) await patient(false, 'before');
  planted = plant(device, FAILING[what], nth, count);
  try {
    for (let call = 0; call < 3; call++) await patient(true, 'with the fault');
  } finally {
    planted.stop();
  }
  const hasFailed = planted.failed() > 0;
  const isLost = what === 'a device that is lost' && hasFailed;
  // Weights are the app's: a model whose weights are dead has to be loaded again.
  run = null;
  // One call may still meet what the fault left behind, and say so.
  await patient(hasFailed, 'right after the fault');
  for (let call = 0; call < 2; call++) await patient(isLost, 'after the fault');
}

/** What `cpu` computes; functions that are captured are computed as they are. */
function referenceOf(subject: string): () => tf.Tensor {
  return subject === 'captured'
    ? () => tf.tidy(() => tf.cumsum(tf.relu(tf.cumsum(rows(), 1)), 0))
    : SUBJECTS[subject]();
}

export const faults: Kind<Fault> = {
  name: 'faults',
  inputs: fc
    .record({
      subject: fc.constantFrom(...Object.keys(SUBJECTS)),
      what: fc.constantFrom(...Object.keys(FAILING)),
      nth: fc.nat(12),
      count: fc.constantFrom(1, 1, 1, 2, 100),
      isLazy: fc.constantFrom(true, true, false),
      warm: fc.nat(4),
      isSync: fc.constantFrom(false, false, true),
    })
    .map((fault) => Object.assign(fault, { toString: () => JSON.stringify(fault) })),
  check,
};
