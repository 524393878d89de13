/** Non-maximum suppression on the device: against tfjs's cpu kernels, element by element. */
import * as tf from '@tensorflow/tfjs-core';
import type { GraphBuilder } from '../../../src/ir/builder';
import { checkFused, labelsOf, TARGETS } from '../../support/differential';
import { seededNumbers } from '../../support/small-graph-model';

/** Boxes of some size in the unit square, with corners in any order. */
function someBoxes(count: number, size: number, seed = 1): number[] {
  const numbers = seededNumbers(seed, 4 * count);
  return Array.from({ length: count }, (_, i) => {
    const [y, x, h, w] = [0, 1, 2, 3].map((at) => numbers[4 * i + at]);
    return [y, x, y + size * (h + 0.05), x + size * (w + 0.05)];
  }).flat();
}

const someScores = (count: number, seed = 9): number[] => [...seededNumbers(seed, count)];

interface Options {
  readonly most: number;
  readonly iou?: number;
  readonly score?: number;
  readonly sigma?: number;
}

async function answers(
  backend: string,
  boxes: number[],
  scores: number[],
  { most, iou = 0.5, score = -Infinity, sigma = 0.5 }: Options,
): Promise<Record<string, number[]>> {
  await tf.setBackend(backend);
  const at = tf.tensor2d(boxes, [scores.length, 4]);
  const of = tf.tensor1d(scores);
  // On the device, as results of a model are.
  const [b, s] = backend === 'cpu' ? [at, of] : [tf.mul(at, tf.onesLike(at)), tf.mul(of, tf.onesLike(of))]; // prettier-ignore
  const plain = tf.image.nonMaxSuppression(b as tf.Tensor2D, s as tf.Tensor1D, most, iou, score);
  const soft = tf.image.nonMaxSuppressionWithScore(b as tf.Tensor2D, s as tf.Tensor1D, most, iou, score, sigma); // prettier-ignore
  const padded = tf.image.nonMaxSuppressionPadded(b as tf.Tensor2D, s as tf.Tensor1D, most, iou, score, true); // prettier-ignore
  const counted = tf.image.nonMaxSuppressionPadded(b as tf.Tensor2D, s as tf.Tensor1D, most, iou, score, false); // prettier-ignore
  const read = async (x: tf.TensorContainer): Promise<number[]> => {
    const { shape, dtype } = x as tf.Tensor;
    const elements = [...(await (x as tf.Tensor).data())];
    expect(elements).toHaveLength(shape.reduce((all, dim) => all * dim, 1));
    return [shape.length, dtype === 'int32' ? 1 : 0, ...elements];
  };
  return {
    plain: await read(plain),
    soft: await read(soft.selectedIndices),
    kept: await read(soft.selectedScores),
    padded: await read(padded.selectedIndices),
    paddedCount: await read(padded.validOutputs),
    counted: await read(counted.selectedIndices),
    count: await read(counted.validOutputs),
  };
}

async function expectSame(boxes: number[], scores: number[], options: Options): Promise<void> {
  const expected = await answers('cpu', boxes, scores, options);
  const actual = await answers('webgpu-fused', boxes, scores, options);
  const { kept, ...indices } = actual;
  const { kept: expectedKept, ...expectedIndices } = expected;
  expect(indices).toEqual(expectedIndices);
  expect(kept).toHaveLength(expectedKept.length);
  // exp of WGSL: 3 + 2 |x| ulp, multiplied into a score as often as boxes overlap.
  kept.forEach((value, i) => {
    if (Number.isFinite(expectedKept[i])) {
      expect(Math.abs(value - expectedKept[i])).toBeLessThanOrEqual(
        1e-5 * Math.max(1e-3, Math.abs(expectedKept[i])),
      );
    } else expect(value).toBe(expectedKept[i]);
  });
}

test.each([
  [1, 1],
  // As many as are selected beside all others; few beside many.
  [97, 30],
  [1009, 50],
])('%i boxes, %i at most', async (count, most) => {
  await expectSame(someBoxes(count, 0.4), someScores(count), { most, score: 0.1 });
});

test.each([0, 0.3, 1])('a threshold of %f', async (iou) => {
  await expectSame(someBoxes(61, 0.5), someScores(61), { most: 61, iou });
});

test.each([
  ['none', 0],
  ['more than there are', 400],
])('results: %s', async (_what, most) => {
  await expectSame(someBoxes(67, 0.3), someScores(67), { most });
});

test('no score is high enough', async () => {
  await expectSame(someBoxes(13, 0.3), someScores(13), { most: 5, score: 2 });
});

test('equal scores go by index, equal boxes suppress each other at 1', async () => {
  const boxes = someBoxes(20, 0.6).flatMap((value, i, all) =>
    i % 4 === 0 ? [...all.slice(i, i + 4), ...all.slice(i, i + 4)] : [],
  );
  const scores = Array.from({ length: 40 }, (_, i) => [0.5, 0.25, 0.75][i % 3]);
  await expectSame(boxes, scores, { most: 40, iou: 1 });
  await expectSame(boxes, scores, { most: 40, iou: 0.5, sigma: 0 });
});

test('scores that are NaN, infinite, below zero, zeros of both signs', async () => {
  const scores = [NaN, 1, -0.5, -Infinity, Infinity, 0, -0, 0.5, -2, NaN, 3, -0.25];
  const boxes = someBoxes(scores.length, 0.8);
  for (const score of [-Infinity, -1, 0, 0.5]) await expectSame(boxes, scores, { most: 12, score });
});

test('scores below zero, which overlaps raise', async () => {
  const scores = someScores(53).map((value) => value - 2);
  await expectSame(someBoxes(53, 0.9), scores, { most: 53, iou: 0.8, sigma: 0.1 });
});

test('boxes without area, with NaN and infinite corners', async () => {
  const boxes = [
    ...[0, 0, 1, 1],
    ...[0, 0, 0, 1],
    ...[0.5, 0.5, 0.5, 0.5],
    ...[NaN, 0, 1, 1],
    ...[0, 0, Infinity, 1],
    ...[-Infinity, 0, Infinity, 1],
    ...[1, 1, 0, 0],
    ...[1, 0, 0, 1],
    ...[0, NaN, 0, 1],
  ];
  for (const order of [1, -1]) {
    const scores = Array.from({ length: 9 }, (_, i) => 0.5 + 0.05 * order * i);
    for (const score of [-Infinity, 0, 0.3]) {
      for (const iou of [0, 0.5, 1]) await expectSame(boxes, scores, { most: 9, iou, score });
    }
  }
});

test('every second score an integer below the largest one', async () => {
  await expectSame(someBoxes(30, 0.5).map((value) => Math.round(16 * value)), someScores(30).map((value, i) => (i % 2 ? Math.round(8 * value) : value)), { most: 30 }); // prettier-ignore
});

test('one dispatch, with what stands around it', async () => {
  const build = (b: GraphBuilder) => {
    const boxes = b.input({ shape: [31, 4], dtype: 'float32' });
    const scores = b.op('Neg', [b.input({ shape: [31], dtype: 'float32' })]);
    const attrs = { maxOutputSize: 9, iouThreshold: 0.6, scoreThreshold: 0.2, softNmsSigma: 0 };
    const [indices, kept] = b.ops('NonMaxSuppression', [boxes, scores], attrs);
    return [b.op('Maximum', [indices, b.scalar(0, 'int32')]), b.op('Neg', [kept])];
  };
  const plan = await checkFused(build, { targets: TARGETS });
  expect(labelsOf(plan)).toEqual(['Neg → NonMaxSuppression → Maximum → Neg']);
});
