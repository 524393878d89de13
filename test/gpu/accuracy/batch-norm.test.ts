/** Batch norms in training mode: what Keras exports a LayerNormalization as. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '../../../src/index';
import { explain } from '../../../src/index';
import { formWriter } from '../../support/accuracy/case';
import { layerNorm } from '../../support/float64/normalize';
import { mapRows } from '../../support/float64/rows';
import { useBackend } from '../../support/gpu';
import { seededNumbers } from '../../support/small-graph-model';
import { findDifference, largest, TOLERANCE } from '../../support/tolerance';
import type { BlockWriter } from '../../support/transformers/writer';
import { attr } from '../../unit/graph-model/support/test-graph';

const EPSILON = Math.fround(1e-3);

interface Operands {
  readonly scale: string;
  readonly offset: string;
}

/** FusedBatchNormV3 as TensorFlow writes it: mean and variance are empty. */
function trainingNorm(w: BlockWriter, x: string, { scale, offset }: Operands, format: string) {
  return w.op('FusedBatchNormV3', [x, scale, offset, w.constant([], [0]), w.constant([], [0])], {
    is_training: attr.b(true),
    data_format: attr.s(format),
    epsilon: attr.f(EPSILON),
  });
}

async function answerOf(w: BlockWriter, shape: readonly number[], x: Float32Array) {
  await useBackend(tf, 'webgpu-fused');
  const model = w.load();
  const y = model.execute({ x: tf.tensor(x, [...shape]) }, 'y') as tf.Tensor;
  const { regions, nodes } = explain(model);
  const labels = regions.flatMap(({ plan }) => plan?.kernels.map(({ label }) => label) ?? []);
  return {
    values: await y.data(),
    labels,
    stock: nodes.filter(({ fate }) => fate === 'stock').map(({ reason }) => reason),
  };
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  const allowed = TOLERANCE.transcendental * largest(expected);
  expect(findDifference(actual, expected, allowed)).toBeNull();
}

test('the layer normalisation of Keras is one kernel', async () => {
  const [batch, tokens, width] = [2, 5, 48];
  const rows = batch * tokens;
  const x = seededNumbers(1, rows * width).map((value) => 100 + value);
  const [gamma, beta] = [2, 3].map((seed) => Array.from(seededNumbers(seed, width)));
  const w = formWriter();
  const input = w.placeholder('x', 'float32', [-1, tokens, width]);
  // Keras takes the number of rows from the shape of x, at run time.
  const part = (at: number) =>
    w.op('StridedSlice', [w.op('Shape', [input]), w.ints([at]), w.ints([at + 1]), w.ints([1])], {
      shrink_axis_mask: attr.i(1),
    });
  const count = w.op('Mul', [part(0), part(1)], { T: attr.type('int32') });
  const shape = w.op('Pack', [w.ints(1), count, w.ints(width), w.ints(1)], { axis: attr.i(0) });
  const each = (value: number) =>
    w.op('Fill', [w.op('Pack', [count], { axis: attr.i(0) }), w.constant(value)]);
  const image = w.op('Reshape', [input, shape]);
  const normal = trainingNorm(w, image, { scale: each(1), offset: each(0) }, 'NCHW');
  const back = w.op('Reshape', [normal, w.op('Shape', [input])]);
  w.node('y', 'AddV2', [w.op('Mul', [back, w.constant(gamma)]), w.constant(beta)]);
  const { values, labels } = await answerOf(w, [batch, tokens, width], x);
  expect(labels).toEqual(['Normalize → Reshape → Multiply → Add']);
  const normalized = mapRows(x, [rows, width], [1], layerNorm(EPSILON));
  expectClose(
    values,
    normalized.map((y, i) => y * gamma[i % width] + beta[i % width]),
  );
});

test.each([
  ['NHWC', [2, 3, 5, 4], [0, 1, 2], 3],
  ['NCHW', [2, 4, 3, 5], [0, 2, 3], 1],
] as const)('statistics of the channels, %s', async (format, shape, axes, channel) => {
  const x = seededNumbers(4, 120);
  const [scale, offset] = [5, 6].map((seed) => Array.from(seededNumbers(seed, 4)));
  const w = formWriter();
  const operands = { scale: w.constant(scale), offset: w.constant(offset) };
  w.node('y', 'Relu', [trainingNorm(w, w.placeholder('x', 'float32', shape), operands, format)]);
  const { values, labels } = await answerOf(w, shape, x);
  expect(labels).toEqual(['Normalize → Multiply → Add → Reshape → Relu']);
  const inner = shape.slice(channel + 1).reduce((product: number, dim) => product * dim, 1);
  const expected = mapRows(x, shape, axes, layerNorm(EPSILON)).map((y, i) => {
    const at = Math.floor(i / inner) % 4;
    return Math.max(0, y * scale[at] + offset[at]);
  });
  expectClose(values, expected);
});
