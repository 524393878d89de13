/** Ops for which tfjs has another answer than TensorFlow, or none: the right one is TensorFlow's. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { OpCase, Operand } from './support/op-cases';
import { modelOf, runImported } from './support/run-case';
import { attr } from './support/test-graph';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const operand = (
  kind: Operand['kind'],
  values: number[],
  shape: number[],
  dtype: Operand['dtype'],
): Operand => ({ kind, values, shape, dtype });

const fed = (values: number[], shape: number[]) => operand('fed', values, shape, 'float32');
const fedInts = (...values: number[]) => operand('fed', values, [values.length], 'int32');
const ints = (...values: number[]) => operand('weight', values, [values.length], 'int32');
const int = (value: number) => operand('weight', [value], [], 'int32');

const table = fed([1, 2, 3, 4, 5, 6], [2, 3]);
const equation = (text: string) => ({ equation: attr.s(text) });

const cases: readonly (OpCase & { readonly answer: tf.TensorLike })[] = [
  {
    ...{ op: 'MatrixBandPart', what: 'upper triangle', operands: [table, int(0), int(-1)] },
    answer: [
      [1, 2, 3],
      [0, 5, 6],
    ],
  },
  {
    ...{ op: 'MatrixBandPart', what: 'the diagonal and one above' },
    operands: [table, int(0), int(1)],
    answer: [
      [1, 2, 0],
      [0, 5, 6],
    ],
  },
  ...[
    {
      op: 'Cumsum',
      rows: [
        [1, 3, 6],
        [4, 9, 15],
      ],
    },
    {
      op: 'Cumprod',
      rows: [
        [1, 2, 6],
        [4, 20, 120],
      ],
    },
  ].map(({ op, rows }) => ({
    ...{ op, what: 'a negative axis', operands: [table, int(-1)] },
    answer: rows,
  })),
  {
    ...{ op: 'BitwiseAnd', what: 'negative', operands: [fedInts(6, 5, -1), fedInts(3, 12, 9)] },
    answer: [2, 4, 9],
  },
  {
    ...{ op: 'Einsum', what: 'all summed', attrs: equation('ij,jk->') },
    operands: [table, fed([1, 2, 3, 4, 5, 6], [3, 2])],
    answer: 163,
  },
  {
    ...{ op: 'Einsum', what: 'outer product of a sum', attrs: equation('ij,k->kj') },
    operands: [table, fed([1, 10], [2])],
    answer: [
      [5, 7, 9],
      [50, 70, 90],
    ],
  },
  {
    ...{
      op: 'StridedSlice',
      what: 'x[:, ::2][0], numpy’s',
      attrs: { shrink_axis_mask: attr.i(1) },
    },
    operands: [table, ints(0, 0), ints(1, 3), ints(1, 2)],
    answer: [1, 3],
  },
  {
    ...{ op: 'StridedSlice', what: 'x[::-1, 1], numpy’s' },
    operands: [table, ints(-1, 1), ints(-3, 2), ints(-1, 1)],
    attrs: { shrink_axis_mask: attr.i(2) },
    answer: [5, 2],
  },
];

test.each(cases.map((one) => [`${one.op}: ${one.what}`, one] as const))(
  '%s',
  (_name, { answer, ...node }) => {
    const [actual] = runImported(modelOf(node));
    const expected = tf.tensor(answer, undefined, actual.dtype);
    expect(actual.shape).toEqual(expected.shape);
    expect(Array.from(actual.dataSync())).toEqual(Array.from(expected.dataSync()));
  },
);
