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
