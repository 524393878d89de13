/** Every kernel called at once, as where nothing waits: whatever stock gets wrong does not reach the app. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '../../../src/index';
import { sweepCases } from '../../support/kernel-sweep/cases';
import { sweepOne } from '../../support/kernel-sweep/run';

jest.setTimeout(1_200_000);

beforeAll(() => {
  // Small operands would be computed on the host.
  tf.env().set('WEBGPU_CPU_FORWARD', false);
});

const byKernel = new Map<string, typeof sweepCases>();
for (const one of sweepCases) {
  const [kernel] = one.name.split(' ', 1);
  byKernel.set(kernel, [...(byKernel.get(kernel) ?? []), one]);
}

beforeAll(() => void tf.env().set('WEBGPU_FUSED_LAZY', false));
afterAll(() => void tf.env().set('WEBGPU_FUSED_LAZY', true));

test.each([...byKernel])('%s', async (_kernel, cases) => {
  const wrong: string[] = [];
  for (const one of cases) {
    const difference = await sweepOne('webgpu-fused', one);
    if (difference) wrong.push(`${one.name}: ${difference}`);
  }
  expect(wrong).toEqual([]);
});

describe('what is few and on the host', () => {
  beforeAll(() => void tf.env().set('WEBGPU_CPU_FORWARD', true));
  afterAll(() => void tf.env().set('WEBGPU_CPU_FORWARD', false));

  const calls: Readonly<Record<string, () => tf.Tensor>> = {
    'Prod that keeps dimensions': () => tf.prod([[2, 3]], 1, true),
    'Cumsum of truth values': () => tf.cumsum(tf.tensor1d([true, false, true])),
    'Cumprod of truth values': () => tf.cumprod(tf.tensor1d([true, true, false])),
    'SpaceToBatchND of truth values called numbers': () =>
      tf.spaceToBatchND(tf.cast(tf.greater(tf.tensor3d([[[1]], [[-1]]]), 0), 'float32'), [1], [[0, 0]]), // prettier-ignore
  };
  test.each(Object.keys(calls))('%s', async (name) => {
    const answers = [];
    for (const backend of ['cpu', 'webgpu-fused']) {
      await tf.setBackend(backend);
      const y = calls[name]();
      answers.push({ dtype: y.dtype, shape: y.shape, values: [...(await y.data())] });
    }
    expect(answers[1]).toEqual(answers[0]);
  });
});
