/** Functions of rows as exporters write them, and what float64 makes of a row. */
import { attr } from '../../unit/graph-model/support/test-graph';
import { geluErf, geluTanh } from '../float64/gelu';
import { l2Norm, layerNorm, rmsNorm } from '../float64/normalize';
import { mean as meanOf, type RowFunction } from '../float64/rows';
import { logSoftmax, softmax } from '../float64/softmax';
import type { BlockWriter } from '../transformers/writer';

export interface RowForm {
  readonly name: string;
  /** Writes it for rows that lie along `axes`. */
  readonly write: (w: BlockWriter, x: string, axes: readonly number[]) => string;
  readonly reference: RowFunction;
  /** Kernel that must be in the label of a dispatch: the form has been recognised. */
  readonly kernel: string;
  /** True for a second way to write what becomes the same kernel. */
  readonly isVariant?: boolean;
}

/** Small, so that rows of size 1e-3 are judged by their own variance. */
const EPSILON = Math.fround(1e-6);
const L2_EPSILON = Math.fround(1e-12);

function reduce(kernel: string) {
  return (w: BlockWriter, x: string, axes: readonly number[]): string =>
    w.op(kernel, [x, w.ints([...axes])], { keep_dims: attr.b(true) });
}

const mean = reduce('Mean');
const sum = reduce('Sum');
const highest = reduce('Max');
const plusEpsilon = (w: BlockWriter, x: string) => w.op('AddV2', [x, w.constant(EPSILON)]);

/** tf.nn.moments, then tf.nn.batch_normalization without scale and offset. */
export const moments: RowForm = {
  name: 'layer norm, moments (Keras)',
  write(w, x, axes) {
    const average = mean(w, x, axes);
    const variance = mean(w, w.op('SquaredDifference', [x, average]), axes);
    const factor = w.op('Rsqrt', [plusEpsilon(w, variance)]);
    return w.op('Sub', [w.op('Mul', [x, factor]), w.op('Mul', [average, factor])]);
  },
  reference: layerNorm(EPSILON),
  kernel: 'Normalize',
  isVariant: true,
};

export const NORMALIZATIONS: readonly RowForm[] = [
  {
    name: 'layer norm, centred (ONNX)',
    write(w, x, axes) {
      const centered = w.op('Sub', [x, mean(w, x, axes)]);
      const variance = mean(w, w.op('Pow', [centered, w.constant(2)]), axes);
      return w.op('RealDiv', [centered, w.op('Sqrt', [plusEpsilon(w, variance)])]);
    },
    reference: layerNorm(EPSILON),
    kernel: 'Normalize',
  },
  moments,
  {
    name: 'layer norm, E[x²] − E[x]² (Flax)',
    write(w, x, axes) {
      const average = mean(w, x, axes);
      const power = mean(w, w.op('Square', [x]), axes);
      const variance = w.op('Sub', [power, w.op('Square', [average])]);
      const positive = w.op('Maximum', [variance, w.constant(0)]);
      const inverse = w.op('Rsqrt', [plusEpsilon(w, positive)]);
      return w.op('Mul', [w.op('Sub', [x, average]), inverse]);
    },
    reference: layerNorm(EPSILON),
    kernel: 'Normalize',
    isVariant: true,
  },
  {
    name: 'RMS norm (T5)',
    write(w, x, axes) {
      const power = mean(w, w.op('Square', [x]), axes);
      return w.op('Mul', [x, w.op('Rsqrt', [plusEpsilon(w, power)])]);
    },
    reference: rmsNorm(EPSILON),
    kernel: 'Normalize',
  },
  {
    name: 'L2 norm (tf.math.l2_normalize)',
    write(w, x, axes) {
      const power = sum(w, w.op('Square', [x]), axes);
      const bounded = w.op('Maximum', [power, w.constant(L2_EPSILON)]);
      return w.op('Mul', [x, w.op('Rsqrt', [bounded])]);
    },
    reference: l2Norm(L2_EPSILON),
    kernel: 'Normalize',
  },
];

export const SOFTMAXES: readonly RowForm[] = [
  {
    name: 'softmax, one op',
    write: (w, x) => w.op('Softmax', [x]),
    reference: softmax,
    kernel: 'Softmax',
  },
  {
    name: 'softmax, in pieces (JAX)',
    write(w, x, axes) {
      const powers = w.op('Exp', [w.op('Sub', [x, highest(w, x, axes)])]);
      return w.op('RealDiv', [powers, sum(w, powers, axes)]);
    },
    reference: softmax,
    kernel: 'Softmax',
    isVariant: true,
  },
  {
    name: 'log-softmax, one op',
    write: (w, x) => w.op('LogSoftmax', [x]),
    reference: logSoftmax,
    kernel: 'LogSoftmax',
  },
  {
    name: 'log-softmax, in pieces (JAX)',
    write(w, x, axes) {
      const shifted = w.op('Sub', [x, highest(w, x, axes)]);
      return w.op('Sub', [shifted, w.op('Log', [sum(w, w.op('Exp', [shifted]), axes)])]);
    },
    reference: logSoftmax,
    kernel: 'LogSoftmax',
    isVariant: true,
  },
];

export const GELUS: readonly RowForm[] = [
  {
    name: 'GELU, erf (BERT)',
    write: (w, x) => w.geluErf(x),
    reference: (row) => row.map(geluErf),
    kernel: 'Erf',
  },
  {
    name: 'GELU, tanh (GPT-2)',
    write: (w, x) => w.geluTanh(x),
    reference: (row) => row.map(geluTanh),
    kernel: 'Tanh',
  },
];

/** What the reduction kernel answers by itself: of squares, which do not cancel. */
export const MEANS: readonly RowForm[] = [
  {
    name: 'mean of squares',
    write: (w, x, axes) => w.op('Mul', [mean(w, w.op('Square', [x]), axes), w.op('OnesLike', [x])]),
    reference: (row) => row.map(() => meanOf(row.map((x) => x * x))),
    kernel: 'Mean',
    isVariant: true,
  },
];
