/** Networks as ONNX files (opset 17), in the form that PyTorch's exporter writes them. */
import { createRequire } from 'node:module';
import { peerFolder } from '../packages';
import {
  EPSILON,
  nextFilterChannelsFirst,
  WeightSource,
  type Dialect,
  type FilterKind,
  type FilterShape,
  type Network,
  type Scaling,
  type Unary,
} from './dialect';

const OPSET = 17;
const IR_VERSION = 8;
/** `onnx.TensorProto.DataType` */
const FLOAT = 1;
const INT64 = 7;

const UNARY = { tanh: 'Tanh', relu: 'Relu', sqrt: 'Sqrt', exp: 'Exp' } as const;
const SCALING: Record<Scaling, string> = { add: 'Add', mul: 'Mul', sub: 'Sub' };

/** What is used of the package `onnx-proto`: the published schema, compiled. */
interface OnnxProto {
  onnx: { ModelProto: { encode(model: object): { finish(): Uint8Array } } };
}

/** `onnx.AttributeProto` */
type Attribute = { name: string } & (
  { type: 1; f: number } | { type: 2; i: number } | { type: 7; ints: readonly number[] }
);

const float = (name: string, f: number): Attribute => ({ name, type: 1, f });
const int = (name: string, i: number): Attribute => ({ name, type: 2, i });
const ints = (name: string, values: readonly number[]): Attribute => ({
  name,
  type: 7,
  ints: values,
});

/** The bytes of a network's ONNX file: input `x`, output `y`. Needs the package `onnx-proto`. */
export function onnxModel(network: Network): Uint8Array {
  const require = createRequire(`${peerFolder('onnx-proto')}/package.json`);
  const { onnx } = require('./dist/onnx.js') as OnnxProto;
  const dialect = new OnnxDialect();
  const output = network(dialect);
  dialect.node('Identity', [output], [], 'y');
  const graph = {
    name: 'network',
    node: dialect.nodes,
    initializer: dialect.initializers,
    input: dialect.inputs,
    output: [valueInfo('y', output.shape)],
  };
  const opsetImport = [{ domain: '', version: OPSET }];
  return onnx.ModelProto.encode({ irVersion: IR_VERSION, opsetImport, graph }).finish();
}

function valueInfo(name: string, shape: readonly number[]): object {
  const dim = shape.map((dimValue) => ({ dimValue }));
  return { name, type: { tensorType: { elemType: FLOAT, shape: { dim } } } };
}

/** A value's name and shape. */
interface Value {
  readonly name: string;
  readonly shape: readonly number[];
}

class OnnxDialect implements Dialect<Value> {
  readonly nodes: object[] = [];
  readonly initializers: object[] = [];
  readonly inputs: object[] = [];
  private readonly weights = new WeightSource();
  private made = 0;

  /** Writes a node; its result has the shape of the first input unless told otherwise. */
  node(
    opType: string,
    inputs: readonly Value[],
    attribute: readonly Attribute[] = [],
    name = `${opType}_${this.made++}`,
    shape = inputs[0].shape,
  ): Value {
    const input = inputs.map((value) => value.name);
    this.nodes.push({ name, opType, input, output: [name], attribute });
    return { name, shape };
  }

  private constant(
    data: Float32Array | BigInt64Array,
    dataType: number,
    shape: readonly number[],
  ): Value {
    const name = `constant_${this.made++}`;
    const rawData = new Uint8Array(data.buffer);
    this.initializers.push({ name, dims: shape, dataType, rawData });
    return { name, shape };
  }

  private scalar(value: number): Value {
    return this.constant(Float32Array.of(value), FLOAT, []);
  }

  private reshape(x: Value, shape: readonly number[]): Value {
    const sizes = this.constant(BigInt64Array.from(shape, BigInt), INT64, [shape.length]);
    return this.node('Reshape', [x, sizes], [], undefined, shape);
  }

  private transpose(x: Value, perm: readonly number[]): Value {
    const shape = perm.map((axis) => x.shape[axis]);
    return this.node('Transpose', [x], [ints('perm', perm)], undefined, shape);
  }

  private matMul(a: Value, b: Value): Value {
    const shape = [...a.shape.slice(0, -1), b.shape[b.shape.length - 1]];
    return this.node('MatMul', [a, b], [], undefined, shape);
  }

  /** Images are turned to channels first, in which everything is computed. */
  input(shape: readonly number[]): Value {
    this.inputs.push(valueInfo('x', shape));
    const x = { name: 'x', shape };
    return shape.length === 4 ? this.transpose(x, [0, 3, 1, 2]) : x;
  }

  filter(kind: FilterKind, shape: FilterShape): Value {
    const filter = nextFilterChannelsFirst(this.weights, kind, shape);
    return this.constant(filter.data, FLOAT, filter.shape);
  }

  convolution(kind: FilterKind, x: Value, filter: Value, bias: Value, stride: number): Value {
    const [batch, channels, rows, columns] = x.shape;
    const [out, , ...window] = filter.shape;
    const sizes = [rows, columns].map((size) => Math.ceil(size / stride));
    const all = [rows, columns].map((size, i) =>
      Math.max((sizes[i] - 1) * stride + window[i] - size, 0),
    );
    const before = all.map((padding) => Math.floor(padding / 2));
    const after = all.map((padding, i) => padding - before[i]);
    const attributes = [
      ints('kernel_shape', window),
      ints('strides', [stride, stride]),
      ints('pads', [...before, ...after]),
      int('group', kind === 'full' ? 1 : channels),
    ];
    return this.node('Conv', [x, filter, bias], attributes, undefined, [batch, out, ...sizes]);
  }

  meanOfPixels(x: Value): Value {
    const [batch, channels] = x.shape;
    const pooled = this.node('GlobalAveragePool', [x], [], undefined, [batch, channels, 1, 1]);
    return this.node('Flatten', [pooled], [int('axis', 1)], undefined, [batch, channels]);
  }

  weight(shape: readonly number[], size?: number, around?: number): Value {
    return this.constant(this.weights.next(shape, size, around), FLOAT, shape);
  }

  /** Gemm for matrices, a product and a sum for what has more axes. */
  dense(x: Value, kernel: Value, bias: Value): Value {
    const shape = [...x.shape.slice(0, -1), kernel.shape[1]];
    if (x.shape.length === 2) {
      return this.node('Gemm', [x, kernel, bias], [], undefined, shape);
    }
    return this.node('Add', [this.matMul(x, kernel), bias]);
  }

  gelu(x: Value): Value {
    const erf = this.node('Erf', [this.node('Div', [x, this.scalar(Math.SQRT2)])]);
    const product = this.node('Mul', [x, this.node('Add', [erf, this.scalar(1)])]);
    return this.node('Mul', [product, this.scalar(0.5)]);
  }

  layerNorm(x: Value, scale: Value, shift: Value): Value {
    const attributes = [int('axis', -1), float('epsilon', EPSILON)];
    return this.node('LayerNormalization', [x, scale, shift], attributes);
  }

  attention(q: Value, k: Value, v: Value, heads: number): Value {
    const [batch, tokens, width] = q.shape;
    const size = width / heads;
    const split = (value: Value, perm: readonly number[]): Value =>
      this.transpose(this.reshape(value, [batch, tokens, heads, size]), perm);
    const scores = this.matMul(split(q, [0, 2, 1, 3]), split(k, [0, 2, 3, 1]));
    const scaled = this.node('Div', [scores, this.scalar(Math.sqrt(size))]);
    const weights = this.node('Softmax', [scaled], [int('axis', -1)]);
    const context = this.matMul(weights, split(v, [0, 2, 1, 3]));
    return this.reshape(this.transpose(context, [0, 2, 1, 3]), q.shape);
  }

  sum(a: Value, b: Value): Value {
    return this.node('Add', [a, b]);
  }

  unary(op: Unary, x: Value): Value {
    if (op === 'relu6') return this.node('Clip', [x, this.scalar(0), this.scalar(6)]);
    return this.node(UNARY[op], [x]);
  }

  scale(op: Scaling, x: Value, by: number): Value {
    return this.node(SCALING[op], [x, this.scalar(by)]);
  }

  mean(x: Value): Value {
    return this.node('ReduceMean', [x], [int('keepdims', 0)], undefined, []);
  }
}
