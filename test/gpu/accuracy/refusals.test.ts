/** What must not be fused gives the right answer all the same, and `explain` says why. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '../../../src/index';
import { explain } from '../../../src/index';
import { formWriter } from '../../support/accuracy/case';
import { useBackend } from '../../support/gpu';
import { seededNumbers } from '../../support/small-graph-model';
import { findDifference, largest, TOLERANCE } from '../../support/tolerance';
import type { BlockWriter } from '../../support/transformers/writer';
import { attr } from '../../unit/graph-model/support/test-graph';

interface Refusal {
  readonly what: string;
  readonly shape: readonly number[];
  /** Answers the outputs to ask for. */
  readonly write: (w: BlockWriter, x: string) => readonly string[];
  readonly rule: string;
  readonly reason: string;
}

const reduce = (w: BlockWriter, kernel: string, x: string, axes: readonly number[]) =>
  w.op(kernel, [x, w.ints([...axes])], { keep_dims: attr.b(true) });

/** A layer norm, whose statistics may be taken along different axes, and its pieces. */
function norm(w: BlockWriter, x: string, axes: readonly number[], others = axes) {
  const mean = reduce(w, 'Mean', x, axes);
  const variance = reduce(w, 'Mean', w.op('SquaredDifference', [x, mean]), others);
  const inverse = w.op('Rsqrt', [w.op('AddV2', [variance, w.constant(1e-5)])]);
  const y = w.op('Mul', [w.op('Sub', [x, mean]), inverse]);
  return { y, mean, variance };
}

function softmax(w: BlockWriter, x: string, axis: number): string {
  const powers = w.op('Exp', [w.op('Sub', [x, reduce(w, 'Max', x, [axis])])]);
  return w.op('RealDiv', [powers, reduce(w, 'Sum', powers, [axis])]);
}

/** softmax(x · xᵀ) · x, and its pieces. */
function attend(w: BlockWriter, x: string) {
  const scores = w.op('Mul', [w.batchMatMul(x, x, true), w.constant(0.25)]);
  const weights = w.op('Softmax', [scores]);
  return { y: w.batchMatMul(weights, x), scores, weights };
}

const REFUSALS: readonly Refusal[] = [
  {
    what: 'a mean that is an output too',
    shape: [3, 8],
    write(w, x) {
      const { y, mean } = norm(w, x, [1]);
      return [y, mean];
    },
    rule: 'layer-norm',
    reason: 'Mean (Mean_0) is an output',
  },
  {
    what: 'a variance that something else reads',
    shape: [3, 8],
    write(w, x) {
      const { y, variance } = norm(w, x, [1]);
      return [w.op('AddV2', [y, w.op('Exp', [variance])])];
    },
    rule: 'layer-norm',
    reason: 'Mean (Mean_2) is used by Exp as well',
  },
  {
    what: 'statistics of different axes',
    shape: [6, 6],
    write: (w, x) => [norm(w, x, [0], [1]).y],
    rule: 'layer-norm',
    reason: 'its statistics are taken over different axes',
  },
  {
    what: 'a softmax along an axis that is not the last',
    shape: [2, 5, 6],
    write: (w, x) => [softmax(w, x, 1)],
    rule: 'softmax',
    reason: 'it does not run along the last axis',
  },
  {
    what: 'attention whose weights are an output',
    shape: [2, 5, 8],
    write(w, x) {
      const { y, weights } = attend(w, x);
      return [y, weights];
    },
    rule: 'attention',
    reason: 'Softmax (Softmax_2) is an output',
  },
  {
    what: 'attention whose scores something else reads',
    shape: [2, 5, 8],
    write(w, x) {
      const { y, scores } = attend(w, x);
      return [y, w.op('Tanh', [scores])];
    },
    rule: 'attention',
    reason: 'its scores are used by Tanh as well',
  },
  {
    what: 'attention with a head that does not fit into registers',
    shape: [1, 3, 260],
    write: (w, x) => [attend(w, x).y],
    rule: 'attention',
    reason: 'a head of 260 is larger than 256',
  },
];

/** Answers of a backend, and what it says of them. */
async function run(backend: string, { shape, write }: Pick<Refusal, 'shape' | 'write'>) {
  await useBackend(tf, backend);
  const w = formWriter();
  const outputs = write(w, w.placeholder('x', 'float32', [...shape]));
  const model = w.load();
  const size = shape.reduce((product, dim) => product * dim, 1);
  const x = tf.tensor(seededNumbers(7, size), [...shape]);
  const results = [model.execute({ x }, [...outputs])].flat();
  const values = await Promise.all(results.map((result) => result.data()));
  return { values, refused: backend === 'cpu' ? [] : explain(model).refused };
}

test.each(REFUSALS.map((refusal) => [refusal.what, refusal] as const))(
  '%s',
  async (_what, refusal) => {
    const expected = await run('cpu', refusal);
    const actual = await run('webgpu-fused', refusal);
    expected.values.forEach((values, i) => {
      const allowed = TOLERANCE.transcendental * largest(values);
      expect(findDifference(actual.values[i], values, allowed)).toBeNull();
    });
    const reasons = actual.refused.filter(({ rule }) => rule === refusal.rule);
    expect(reasons.map(({ reason }) => reason)).toContain(refusal.reason);
  },
);

test.each([
  ['not the last', [3, 16, 5], [1]],
  ['not side by side', [4, 6, 5], [0, 2]],
] as const)('a norm along axes that are %s is fused', async (_name, shape, axes) => {
  const one = { shape, write: (w: BlockWriter, x: string) => [norm(w, x, axes).y] } as const;
  const [expected, actual] = [await run('cpu', one), await run('webgpu-fused', one)];
  const allowed = TOLERANCE.transcendental * largest(expected.values[0]);
  expect(findDifference(actual.values[0], expected.values[0], allowed)).toBeNull();
});

test('a shape that only the device knows splits the model there', async () => {
  const answers: tf.TypedArray[] = [];
  for (const backend of ['cpu', 'webgpu-fused']) {
    await useBackend(tf, backend);
    const w = formWriter();
    const x = w.placeholder('x', 'float32', [-1, 8]);
    const sizes = w.op('Cast', [w.placeholder('s', 'float32', [2])], { DstT: attr.type('int32') });
    const reshaped = w.node('reshaped', 'Reshape', [norm(w, x, [1]).y, sizes]);
    w.node('y', 'Identity', [norm(w, reshaped, [1]).y]);
    const model = w.load();
    // Large enough to be computed on the device, where the answer then is.
    const s = tf.round(tf.mean(tf.mul(tf.ones([2, 999]), tf.tensor2d([[4], [6]])), 1));
    // Twice: the first call finds out, the second runs what is left as two regions.
    for (let call = 0; call < 2; call++) {
      const y = model.execute({ x: tf.tensor2d(seededNumbers(8, 24), [3, 8]), s }, 'y');
      expect((y as tf.Tensor).shape).toEqual([4, 6]);
      answers.push(await (y as tf.Tensor).data());
    }
    if (backend === 'cpu') continue;
    const { nodes, regions } = explain(model);
    const fate = nodes.find(({ name }) => name === 'reshaped');
    expect(fate).toMatchObject({ fate: 'stock', reason: 'input 1 is not known on the host' });
    const labels = regions.flatMap(({ plan }) => plan?.kernels.map(({ label }) => label) ?? []);
    expect(labels).toEqual(['Cast', 'Normalize', 'Normalize']);
  }
  const allowed = TOLERANCE.transcendental * largest(answers[0]);
  for (const answer of answers) expect(findDifference(answer, answers[0], allowed)).toBeNull();
});
