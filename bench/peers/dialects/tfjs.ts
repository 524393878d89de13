/** Networks as graph models of TensorFlow.js, in the form that its converter leaves them. */
import type { io } from '@tensorflow/tfjs-core';
import { BlockWriter } from '../../../test/support/transformers/writer';
import { attr } from '../../../test/unit/graph-model/support/test-graph';
import {
  EPSILON,
  nextFilter,
  WeightSource,
  type Dialect,
  type FilterKind,
  type FilterShape,
  type Network,
  type Scaling,
  type Unary,
} from './dialect';

const UNARY: Record<Unary, string> = {
  tanh: 'Tanh',
  relu: 'Relu',
  relu6: 'Relu6',
  sqrt: 'Sqrt',
  exp: 'Exp',
};
const CONVOLUTION: Record<FilterKind, string> = {
  full: '_FusedConv2D',
  depthwise: 'FusedDepthwiseConv2dNative',
};
const SCALING: Record<Scaling, string> = { add: 'AddV2', mul: 'Mul', sub: 'Sub' };

/** A node and the shape of its result. */
interface Value {
  readonly name: string;
  readonly shape: readonly number[];
}

/** The model of a network: input `x`, output `y`. */
export function tfjsArtifacts(network: Network): io.ModelArtifacts {
  const dialect = new TfjsDialect();
  const { name } = network(dialect);
  dialect.writer.node('y', 'Identity', [name]);
  return dialect.writer.artifacts();
}

class TfjsDialect implements Dialect<Value> {
  readonly writer = new BlockWriter({
    batch: 1,
    tokens: 1,
    width: 1,
    heads: 1,
    hidden: 1,
    layers: 1,
  });

  input(shape: readonly number[]): Value {
    return { name: this.writer.placeholder('x', 'float32', shape), shape };
  }

  private readonly weights = new WeightSource();

  weight(shape: readonly number[], size?: number, around?: number): Value {
    return { name: this.writer.constant(this.weights.next(shape, size, around), shape), shape };
  }

  filter(kind: FilterKind, shape: FilterShape): Value {
    return { name: this.writer.constant(nextFilter(this.weights, kind, shape), shape), shape };
  }

  /** The converter joins a convolution and its bias into one kernel. */
  convolution(kind: FilterKind, x: Value, filter: Value, bias: Value, stride: number): Value {
    const name = this.writer.op(CONVOLUTION[kind], [x.name, filter.name, bias.name], {
      strides: attr.ints([1, stride, stride, 1]),
      dilations: attr.ints([1, 1, 1, 1]),
      padding: attr.s('SAME'),
      data_format: attr.s('NHWC'),
      fused_ops: attr.strings(['BiasAdd']),
      num_args: attr.i(1),
    });
    const [batch, rows, columns] = x.shape;
    const channels = bias.shape[0];
    return {
      name,
      shape: [batch, Math.ceil(rows / stride), Math.ceil(columns / stride), channels],
    };
  }

  meanOfPixels({ name, shape }: Value): Value {
    const axes = this.writer.ints([1, 2]);
    return {
      name: this.writer.op('Mean', [name, axes], { keep_dims: attr.b(false) }),
      shape: [shape[0], shape[3]],
    };
  }

  /** The converter joins a product and its bias into one kernel. */
  dense(x: Value, kernel: Value, bias: Value): Value {
    const [inner, units] = kernel.shape;
    const outer = x.shape.slice(0, -1);
    const rows = outer.reduce((product, size) => product * size);
    const y = this.writer.op(
      '_FusedMatMul',
      [
        outer.length === 1 ? x.name : this.writer.reshape(x.name, [rows, inner]),
        kernel.name,
        bias.name,
      ],
      {
        transpose_a: attr.b(false),
        transpose_b: attr.b(false),
        fused_ops: attr.strings(['BiasAdd']),
        num_args: attr.i(1),
      },
    );
    const shape = [...outer, units];
    return { name: outer.length === 1 ? y : this.writer.reshape(y, shape), shape };
  }

  gelu({ name, shape }: Value): Value {
    return { name: this.writer.geluErf(name), shape };
  }

  layerNorm({ name, shape }: Value, scale: Value, shift: Value): Value {
    return { name: this.writer.layerNorm(name, EPSILON, scale.name, shift.name), shape };
  }

  attention(q: Value, k: Value, v: Value, heads: number): Value {
    const { writer: w } = this;
    const [batch, tokens, width] = q.shape;
    const size = width / heads;
    const split = ({ name }: Value): string =>
      w.transpose(w.reshape(name, [batch, tokens, heads, size]), [0, 2, 1, 3]);
    const scores = w.batchMatMul(split(q), split(k), true);
    const scaled = w.op('Mul', [scores, w.constant(1 / Math.sqrt(size))]);
    const context = w.batchMatMul(w.op('Softmax', [scaled]), split(v));
    return {
      name: w.reshape(w.transpose(context, [0, 2, 1, 3]), [batch, tokens, width]),
      shape: q.shape,
    };
  }

  sum(a: Value, b: Value): Value {
    return { name: this.writer.op('AddV2', [a.name, b.name]), shape: a.shape };
  }

  unary(op: Unary, { name, shape }: Value): Value {
    return { name: this.writer.op(UNARY[op], [name]), shape };
  }

  scale(op: Scaling, { name, shape }: Value, by: number): Value {
    return { name: this.writer.op(SCALING[op], [name, this.writer.constant(by)]), shape };
  }

  mean({ name, shape }: Value): Value {
    const axes = this.writer.ints([...shape.keys()]);
    return { name: this.writer.op('Mean', [name, axes], { keep_dims: attr.b(false) }), shape: [] };
  }
}
