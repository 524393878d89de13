/** The largest elements of rows, sorted by a workgroup: against tfjs's cpu kernel. */
import * as tf from '@tensorflow/tfjs-core';
import { compilePlan } from '../../../src/compiler/compile';
import { GraphBuilder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import { topKLowerings } from '../../../src/lowering/top-k';
import { checkFused, labelsOf, TARGETS } from '../../support/differential';
import { softwareTarget } from '../../unit/fused-kernels/target';

const SHAPES: readonly (readonly [shape: number[], k: number])[] = [
  [[1], 1],
  [[7], 7],
  [[3, 5], 2],
  [[2, 64], 64],
  [[2, 3, 67], 5],
  [[1, 1000], 300],
  [[2, 2048], 2048],
  [[3, 2049], 10],
  [[2, 1, 2, 4099], 700],
];

function found(b: GraphBuilder, x: Value, k: number): readonly Value[] {
  return topKLowerings.TopK.lower(b, [x], { k });
}

test.each(SHAPES)('%j, k = %d, with what stands around it', async (shape, k) => {
  const plan = await checkFused(
    (b) => {
      const x = b.op('Neg', [b.input({ shape, dtype: 'float32' })]);
      const [values, indices] = found(b, x, k);
      return [b.op('Relu', [values]), indices];
    },
    { targets: TARGETS },
  );
  const columns = shape[shape.length - 1];
  expect(labelsOf(plan)).toEqual(
    columns <= 2048
      ? ['Neg → TopK → Relu']
      : ['Neg → TopK', ...(k > 682 ? ['TopK'] : []), 'TopK → Relu'],
  );
});

test('a long row takes as many dispatches as it has levels of parts', async () => {
  const plan = await checkFused((b) => [
    ...found(b, b.input({ shape: [100_003], dtype: 'float32' }), 100),
  ]);
  expect(labelsOf(plan)).toEqual(['TopK', 'TopK', 'TopK']);
});

test('elements that nobody asks for are not loaded again', async () => {
  const [places, both] = [false, true].map((isAsked) => {
    const b = new GraphBuilder();
    const [values, indices] = found(
      b,
      b.op('Exp', [b.input({ shape: [3, 37], dtype: 'float32' })]),
      5,
    );
    b.graph.outputs = isAsked ? [values, indices] : [indices];
    return compilePlan(b.graph, softwareTarget, 'test').dispatches[0].program.wgsl;
  });
  const loads = (wgsl: string): number => wgsl.split('in0[').length - 1;
  expect([loads(places), loads(both)]).toEqual([1, 2]);
  await checkFused((b) => {
    const [, indices] = found(b, b.input({ shape: [3, 37], dtype: 'float32' }), 5);
    return b.op('Add', [indices, b.scalar(1, 'int32')]);
  });
});

/** What tf.topk says of these values, here and on `cpu`. */
async function both(values: number[], shape: number[], dtype: 'float32' | 'int32', k: number) {
  const ask = async (backend: string) => {
    await tf.setBackend(backend);
    const { values: top, indices } = tf.topk(tf.tensor(values, shape, dtype), k);
    expect(top.dtype).toBe(dtype);
    return [[...(await top.data())], [...(await indices.data())]];
  };
  return { expected: await ask('cpu'), actual: await ask('webgpu-fused') };
}

test('of equal elements the first comes first', async () => {
  const values = Array.from({ length: 600 }, (_, i) => (i * 7) % 5);
  const { expected, actual } = await both(values, [2, 300], 'float32', 300);
  expect(actual).toEqual(expected);
});

test('zeros of both signs are equal, and keep their signs', async () => {
  const { expected, actual } = await both([-0, 0, -1, 0, -0, 1], [6], 'float32', 6);
  expect(actual).toEqual(expected);
});

test('infinities and denormals are in their places', async () => {
  const values = [1e-40, -Infinity, 0, Infinity, -1e-40, 3.4e38, -3.4e38, Infinity];
  const { expected, actual } = await both(values, [8], 'float32', 8);
  expect(actual[1]).toEqual(expected[1]);
});

test('integers above 2^24 are told apart', async () => {
  const values = [16777216, 16777217, -2147483648, 2147483647, -16777217, -16777216, 0];
  const { expected, actual } = await both(values, [7], 'int32', 7);
  expect(actual).toEqual(expected);
});

test('NaN counts as the largest', async () => {
  await tf.setBackend('webgpu-fused');
  const { indices } = tf.topk(tf.tensor1d([1, NaN, Infinity, -1, NaN]), 4);
  expect([...(await indices.data())]).toEqual([1, 4, 2, 0]);
});
