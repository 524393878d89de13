/** tfjs adds truth values as numbers and calls the sum a truth value: what is not 0 is true, and counts as it is. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { BACKEND_NAME } from '../../../src/index';
import { useBackend } from '../../support/gpu';

const x = (): tf.Tensor => tf.tensor2d([1, 0, 1, 1], [1, 4], 'bool');
const y = (): tf.Tensor => tf.tensor2d([1, 1, 0, 1], [1, 4], 'bool');

const VALUES: Readonly<Record<string, () => tf.Tensor>> = {
  'a sum': () => tf.add(x(), x()),
  'a difference': () => tf.sub(y(), x()),
  'sums of 2 and 1': () => tf.add(x(), y()),
  'a product': () => tf.matMul(tf.transpose(x()), y()),
  'sums of many': () => tf.addN([x(), y(), x()]),
};

/** Told by what is true alone. */
const LOGIC: Readonly<Record<string, (v: tf.Tensor) => tf.Tensor>> = {
  LogicalNot: (v) => tf.logicalNot(v),
  LogicalAnd: (v) => tf.logicalAnd(v, x()),
  LogicalOr: (v) => tf.logicalOr(tf.logicalNot(x()), v),
  'exclusive or': (v) => tf.logicalXor(v, x()),
  Select: (v) => tf.where(v, tf.ones(v.shape), tf.zeros(v.shape)),
  All: (v) => tf.all(v, -1),
  Any: (v) => tf.any(v, -1),
  'All, all': (v) => tf.all(v),
  Max: (v) => tf.max(v, -1),
  Min: (v) => tf.min(v, -1),
};

/** Told by the numbers. */
const NUMBERS: Readonly<Record<string, (v: tf.Tensor) => tf.Tensor>> = {
  'Cast to int32': (v) => tf.cast(v, 'int32'),
  'Cast to float32': (v) => tf.log1p(tf.cast(v, 'float32')),
  Sum: (v) => tf.sum(v, -1),
  Add: (v) => tf.add(v, tf.ones([1, 4])),
  GatherV2: (v) => tf.cast(tf.gather(v, tf.tensor1d([1, 0], 'int32'), 1), 'float32'),
};

/** As `cpu` has it; of truth values, which of them are true. */
async function answer(backend: string, run: () => tf.Tensor): Promise<readonly unknown[]> {
  await useBackend(tf, backend);
  const result = run();
  const values = [...(await result.data())];
  return result.dtype === 'bool' ? values.map((value) => value !== 0) : values;
}

/** What is true, as a tensor of 0 and 1. */
const truths = (v: tf.Tensor): tf.Tensor => tf.notEqual(tf.cast(v, 'int32'), 0);

describe.each([true, false])('WEBGPU_FUSED_LAZY %s', (isLazy) => {
  beforeAll(() => {
    tf.env().set('WEBGPU_FUSED_LAZY', isLazy);
    tf.env().set('WEBGPU_CPU_FORWARD', false);
  });
  afterAll(() => {
    tf.env().set('WEBGPU_FUSED_LAZY', true);
    tf.env().set('WEBGPU_CPU_FORWARD', true);
  });

  test.each(Object.keys(VALUES))('%s', async (name) => {
    const make = VALUES[name];
    for (const [op, f] of Object.entries(LOGIC)) {
      const expected = await answer('cpu', () => f(truths(make())));
      expect([op, await answer(BACKEND_NAME, () => f(make()))]).toEqual([op, expected]);
    }
    for (const f of Object.values(NUMBERS)) {
      const [expected, actual] = [
        await answer('cpu', () => f(make())),
        await answer(BACKEND_NAME, () => f(make())),
      ];
      expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value as number, 4));
    }
  });
});
