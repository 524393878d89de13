/** Graph models for inputs of any size, as converters write them. */
import { attr } from '../unit/graph-model/support/test-graph';
import { BlockWriter } from './transformers/writer';

export const WIDTH = 64;
const HEADS = 4;
const HIDDEN = 128;
export const WORDS = 211;
const POSITIONS = 128;

/** Writes graphs that ask for their sizes while they run. */
export class AnySizeWriter extends BlockWriter {
  constructor() {
    super({ batch: 1, tokens: 1, width: WIDTH, heads: HEADS, hidden: HIDDEN, layers: 2 });
  }

  /** Sizes of `x` along axes, as scalars. */
  sizes(x: string, axes: readonly number[]): string[] {
    const int = { T: attr.type('int32'), Index: attr.type('int32') };
    const shape = this.op('Shape', [x], { out_type: attr.type('int32') });
    const masks = { begin_mask: 0, end_mask: 0, ellipsis_mask: 0, new_axis_mask: 0 };
    const zeros = Object.fromEntries(Object.keys(masks).map((name) => [name, attr.i(0)]));
    return axes.map((axis) =>
      this.op('StridedSlice', [shape, this.ints([axis]), this.ints([axis + 1]), this.ints([1])], {
        ...int,
        ...zeros,
        shrink_axis_mask: attr.i(1),
      }),
    );
  }

  /** A shape of scalars and numbers. */
  shapeOf(dims: readonly (string | number)[]): string {
    const inputs = dims.map((dim) => (typeof dim === 'string' ? dim : this.scalarInt(dim)));
    return this.op('Pack', inputs, {
      T: attr.type('int32'),
      N: attr.i(dims.length),
      axis: attr.i(0),
    });
  }

  scalarInt(value: number): string {
    return this.constant([value], [], 'int32');
  }

  /** Heads in front: [batch, heads, tokens, size]. */
  split(rows: string, batch: string, length: string): string {
    const apart = this.shapeOf([batch, length, HEADS, this.headSize]);
    return this.transpose(this.op('Reshape', [rows, apart]), [0, 2, 1, 3]);
  }

  conv(x: string, from: number, to: number, { size = 3, stride = 1, act = 'Relu' } = {}): string {
    const filter = this.weight([size, size, from, to], 1 / (size * Math.sqrt(from)));
    const y = this.op('Conv2D', [x, filter], {
      strides: attr.ints([1, stride, stride, 1]),
      dilations: attr.ints([1, 1, 1, 1]),
      padding: attr.s('SAME'),
      data_format: attr.s('NHWC'),
    });
    const biased = this.op('BiasAdd', [y, this.weight([to], 0.1)]);
    return act === '' ? biased : this.op(act, [biased]);
  }

  depthwise(x: string, channels: number): string {
    const y = this.op('DepthwiseConv2dNative', [x, this.weight([3, 3, channels, 1], 0.3)], {
      strides: attr.ints([1, 1, 1, 1]),
      dilations: attr.ints([1, 1, 1, 1]),
      padding: attr.s('SAME'),
      data_format: attr.s('NHWC'),
    });
    return this.op('Relu6', [this.op('BiasAdd', [y, this.weight([channels], 0.1)])]);
  }
}

/** Post-norm layers of BERT, heads by reshape and transpose, on rows. */
function bertLayers(w: AnySizeWriter, rows: string, sizes: [string, string], mask: string): string {
  let x = rows;
  for (let layer = 0; layer < w.options.layers; layer++) {
    const [q, k, v] = [0, 1, 2].map(() => w.split(w.dense(x, WIDTH, WIDTH), ...sizes));
    const scale = w.constant(1 / Math.sqrt(w.headSize));
    const scores = w.op('Mul', [w.batchMatMul(q, k, true), scale]);
    const shares = w.op('Softmax', [mask === '' ? scores : w.op('AddV2', [scores, mask])]);
    const mixed = w.transpose(w.batchMatMul(shares, v), [0, 2, 1, 3]);
    const merged = w.reshape(mixed, [-1, WIDTH]);
    const attended = w.layerNorm(w.op('AddV2', [w.dense(merged, WIDTH, WIDTH), x]));
    const inner = w.geluErf(w.dense(attended, WIDTH, HIDDEN));
    x = w.layerNorm(w.op('AddV2', [w.dense(inner, HIDDEN, WIDTH), attended]));
  }
  return x;
}

/** Encoder blocks over [batch, tokens, width]. */
export function encoder(): AnySizeWriter {
  const w = new AnySizeWriter();
  const x = w.placeholder('x', 'float32', [-1, -1, WIDTH]);
  const [batch, length] = w.sizes(x, [0, 1]);
  const y = bertLayers(w, w.reshape(x, [-1, WIDTH]), [batch, length], '');
  w.node('y', 'Reshape', [y, w.shapeOf([batch, length, WIDTH])], { T: attr.type('float32') });
  return w;
}

/** Words in, one unit vector for each text out; words numbered 0 are padding. */
export function sentenceEncoder(): AnySizeWriter {
  const w = new AnySizeWriter();
  const ids = w.placeholder('x', 'int32', [-1, -1]);
  const [batch, length] = w.sizes(ids, [0, 1]);
  const ints = { T: attr.type('int32') };
  const isWord = w.op('Cast', [w.op('NotEqual', [ids, w.scalarInt(0)], ints)], {
    SrcT: attr.type('bool'),
    DstT: attr.type('float32'),
  });
  const table = w.weight([WORDS, WIDTH], 1);
  const words = w.op('GatherV2', [table, ids, w.scalarInt(0)], {
    Taxis: attr.type('int32'),
    Tindices: attr.type('int32'),
    Tparams: attr.type('float32'),
    batch_dims: attr.i(0),
  });
  const end = w.shapeOf([length, WIDTH]);
  const places = w.op('Slice', [w.weight([POSITIONS, WIDTH], 0.3), w.ints([0, 0]), end]);
  const embedded = w.layerNorm(w.op('AddV2', [words, places]));
  const missing = w.op('Mul', [w.op('Sub', [w.constant(1), isWord]), w.constant(-1e9)]);
  const mask = w.op('Reshape', [missing, w.shapeOf([batch, 1, 1, length])]);
  const rows = bertLayers(w, w.reshape(embedded, [-1, WIDTH]), [batch, length], mask);
  const states = w.op('Reshape', [rows, w.shapeOf([batch, length, WIDTH])]);
  const weights = w.op('ExpandDims', [isWord, w.scalarInt(-1)]);
  const keep = { keep_dims: attr.b(false) };
  const sum = w.op('Sum', [w.op('Mul', [states, weights]), w.ints([1])], keep);
  const mean = w.op('RealDiv', [sum, w.op('Sum', [weights, w.ints([1])], keep)]);
  const square = w.op('Sum', [w.op('Square', [mean]), w.ints([1])], { keep_dims: attr.b(true) });
  const norm = w.op('Maximum', [square, w.constant(1e-12)]);
  w.node('y', 'Mul', [mean, w.op('Rsqrt', [norm])], { T: attr.type('float32') });
  return w;
}

/** Down, up, joined, and pooled to classes: height and width as they come. */
export function imageModel(): AnySizeWriter {
  const w = new AnySizeWriter();
  const image = w.placeholder('x', 'float32', [-1, -1, -1, 3]);
  const first = w.conv(image, 3, 16, { stride: 2 });
  const block = w.conv(w.depthwise(first, 16), 16, 16, { size: 1, act: '' });
  const joined = w.op('AddV2', [block, first]);
  const small = w.op('MaxPool', [joined], {
    ksize: attr.ints([1, 2, 2, 1]),
    strides: attr.ints([1, 2, 2, 1]),
    padding: attr.s('VALID'),
    data_format: attr.s('NHWC'),
  });
  const deep = w.conv(w.conv(small, 16, 24), 24, 16);
  const up = w.op('ResizeBilinear', [deep, w.shapeOf(w.sizes(joined, [1, 2]))], {
    align_corners: attr.b(false),
    half_pixel_centers: attr.b(true),
  });
  const both = w.op('ConcatV2', [joined, up, w.scalarInt(3)], {
    N: attr.i(2),
    Tidx: attr.type('int32'),
  });
  const last = w.conv(both, 32, 24);
  const pooled = w.op('Mean', [last, w.ints([1, 2])], { keep_dims: attr.b(false) });
  w.node('y', 'Softmax', [w.dense(pooled, 24, 10)], { T: attr.type('float32') });
  return w;
}

/** Twice the height and width, by convolutions and a shuffle of pixels. */
export function upscaler(): AnySizeWriter {
  const w = new AnySizeWriter();
  const image = w.placeholder('x', 'float32', [-1, -1, -1, 3]);
  const first = w.conv(image, 3, 16);
  const second = w.op('AddV2', [w.conv(w.conv(first, 16, 16), 16, 16, { act: '' }), first]);
  w.node('y', 'DepthToSpace', [w.conv(second, 16, 12, { act: '' })], {
    T: attr.type('float32'),
    block_size: attr.i(2),
    data_format: attr.s('NHWC'),
  });
  return w;
}
