/** Layers of random models that take images of any number and size, [n, h, w, 4], and give such images again. */
import { type AnySizeWriter } from '../support/any-size-models';
import { attr } from '../unit/graph-model/support/test-graph';

/** How many channels images have between layers. */
export const CHANNELS = 4;

type Layer = (w: AnySizeWriter, x: string, n: number) => string;

const ACTIVATIONS = ['Relu', 'Tanh', 'Sigmoid', 'Elu', 'Softplus', 'Relu6', 'Abs', ''];
const activation = (n: number): string => ACTIVATIONS[n % ACTIVATIONS.length];
const keep = (isKept: boolean) => ({ keep_dims: attr.b(isKept) });
const window = (w: AnySizeWriter, op: string, x: string, stride: number): string =>
  w.op(op, [x], {
    ksize: attr.ints([1, 2, 2, 1]),
    strides: attr.ints([1, stride, stride, 1]),
    padding: attr.s('SAME'),
    data_format: attr.s('NHWC'),
  });

/** Pixels as rows of matrices: [n, h·w, 4]. */
function asRows(w: AnySizeWriter, x: string): string {
  const [batch] = w.sizes(x, [0]);
  return w.op('Reshape', [x, w.shapeOf([batch, -1, CHANNELS])]);
}

export const LAYERS: Readonly<Record<string, Layer>> = {
  convolution: (w, x, n) => w.conv(x, CHANNELS, CHANNELS, { act: activation(n) }),
  wide: (w, x, n) => {
    const inside = w.conv(x, CHANNELS, 9 + n, { size: 1, act: activation(n) });
    return w.conv(inside, 9 + n, CHANNELS, { size: n % 2 ? 3 : 1, act: '' });
  },
  stride: (w, x, n) => w.conv(x, CHANNELS, CHANNELS, { stride: 2, act: activation(n) }),
  separable: (w, x) => w.conv(w.depthwise(x, CHANNELS), CHANNELS, CHANNELS, { size: 1, act: '' }),
  maxPool: (w, x, n) => window(w, 'MaxPool', x, 1 + (n % 2)),
  avgPool: (w, x, n) => window(w, 'AvgPool', x, 1 + (n % 2)),
  residual: (w, x, n) => w.op('AddV2', [w.conv(x, CHANNELS, CHANNELS, { act: activation(n) }), x]),
  scaled: (w, x, n) =>
    w.op('Mul', [w.op('AddV2', [x, w.weight([CHANNELS], 1)]), w.constant(n / 5)]),
  activation: (w, x, n) => w.op(activation(n) || 'Neg', [x]),
  softmax: (w, x) => w.op('Softmax', [x]),
  layerNorm: (w, x) => {
    const centred = w.op('Sub', [x, w.op('Mean', [x, w.ints([-1])], keep(true))]);
    const variance = w.op('Mean', [w.op('Square', [centred]), w.ints([-1])], keep(true));
    const scale = w.op('Rsqrt', [w.op('AddV2', [variance, w.constant(0.01)])]);
    return w.op('Mul', [centred, scale]);
  },
  excitation: (w, x) => {
    const mean = w.op('Mean', [x, w.ints([1, 2])], keep(true));
    return w.op('Mul', [x, w.conv(mean, CHANNELS, CHANNELS, { size: 1, act: 'Sigmoid' })]);
  },
  whole: (w, x, n) => {
    const axes = [[1], [2], [1, 2], [0]][n % 4];
    return w.op('Sub', [x, w.op(n % 2 ? 'Max' : 'Mean', [x, w.ints(axes)], keep(true))]);
  },
  attention: (w, x) => {
    const rows = asRows(w, x);
    const scores = w.op('Mul', [w.batchMatMul(rows, rows, true), w.constant(0.5)]);
    const mixed = w.batchMatMul(w.op('Softmax', [scores]), rows);
    return w.op('Reshape', [mixed, w.shapeOf([...w.sizes(x, [0, 1, 2]), CHANNELS])]);
  },
  dense: (w, x, n) => {
    const rows = w.op('Reshape', [x, w.ints([-1, CHANNELS])]);
    const inside = w.dense(rows, CHANNELS, 8 + n);
    const y = w.dense(w.op('Tanh', [inside]), 8 + n, CHANNELS);
    return w.op('Reshape', [y, w.shapeOf([...w.sizes(x, [0, 1, 2]), CHANNELS])]);
  },
  enlarged: (w, x, n) => {
    const ints = { T: attr.type('int32') };
    const twice = w.sizes(x, [1, 2]).map((size) => w.op('Mul', [size, w.scalarInt(2)], ints));
    return w.op(n % 2 ? 'ResizeBilinear' : 'ResizeNearestNeighbor', [x, w.shapeOf(twice)], {
      align_corners: attr.b(false),
      half_pixel_centers: attr.b(n % 3 > 0),
    });
  },
  turned: (w, x) => w.transpose(w.op('Relu', [w.transpose(x, [0, 2, 1, 3])]), [0, 2, 1, 3]),
  transposed: (w, x) => w.transpose(x, [0, 2, 1, 3]),
  joined: (w, x, n) => {
    const both = w.op('ConcatV2', [x, w.op('Neg', [x]), w.scalarInt(1 + (n % 2))], {
      N: attr.i(2),
      Tidx: attr.type('int32'),
    });
    return w.op('Abs', [both]);
  },
  padded: (w, x, n) => {
    const pads = w.constant([0, 0, n % 3, 1, 0, n % 2, 0, 0], [4, 2], 'int32');
    return w.op('PadV2', [x, pads, w.constant(n / 4)]);
  },
  shuffled: (w, x) =>
    w.op('DepthToSpace', [w.conv(x, CHANNELS, 4 * CHANNELS, { size: 1 })], {
      block_size: attr.i(2),
      data_format: attr.s('NHWC'),
    }),
  reversed: (w, x, n) => w.op('ReverseV2', [x, w.ints([1 + (n % 2)])]),
  cumulated: (w, x, n) =>
    w.op('Cumsum', [x, w.scalarInt(1 + (n % 2))], {
      exclusive: attr.b(n % 3 === 0),
      reverse: attr.b(n % 2 === 0),
    }),
};

/** Those after which an image is larger. */
export const GROWS: ReadonlySet<string> = new Set(['enlarged', 'joined', 'shuffled', 'padded']);
