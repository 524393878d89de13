/** Networks as .tflite files, in the form in which TensorFlow's converter leaves them. */
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
import {
  encodeTflite,
  type OperatorName,
  type OperatorOptions,
  type TfliteTensor,
} from './tflite-file';

const UNARY: Record<Unary, OperatorName> = {
  tanh: 'TANH',
  relu: 'RELU',
  relu6: 'RELU6',
  sqrt: 'SQRT',
  exp: 'EXP',
};
const SCALING: Record<Scaling, OperatorName> = { add: 'ADD', mul: 'MUL', sub: 'SUB' };

/** A tensor's number in the file, and its shape. */
interface Value {
  readonly tensor: number;
  readonly shape: readonly number[];
}

/** The bytes of a network's .tflite file: input `x`, output `y`. Needs the package `flatbuffers`. */
export function tfliteModel(network: Network): Uint8Array {
  const dialect = new TfliteDialect();
  const { tensor } = network(dialect);
  const { tensors, operators } = dialect;
  return encodeTflite({ tensors, operators, input: 0, output: tensor });
}

class TfliteDialect implements Dialect<Value> {
  readonly tensors: TfliteTensor[] = [];
  readonly operators: {
    name: OperatorName;
    inputs: readonly number[];
    output: number;
    options: OperatorOptions;
  }[] = [];

  private readonly weights = new WeightSource();

  private tensor(shape: readonly number[], data?: Float32Array | Int32Array): Value {
    this.tensors.push({ shape, data });
    return { tensor: this.tensors.length - 1, shape };
  }

  private op(
    name: OperatorName,
    inputs: readonly Value[],
    shape: readonly number[],
    options: OperatorOptions = {},
  ): Value {
    const result = this.tensor(shape);
    const numbers = inputs.map(({ tensor }) => tensor);
    this.operators.push({ name, inputs: numbers, output: result.tensor, options });
    return result;
  }

  private ints(values: readonly number[]): Value {
    return this.tensor([values.length], Int32Array.from(values));
  }

  private scalar(value: number): Value {
    return this.tensor([], Float32Array.of(value));
  }

  input(shape: readonly number[]): Value {
    return this.tensor(shape);
  }

  weight(shape: readonly number[], size?: number, around?: number): Value {
    return this.tensor(shape, this.weights.next(shape, size, around));
  }

  /** `[out, rows, columns, in]`, or `[1, rows, columns, channels]`. */
  filter(kind: FilterKind, shape: FilterShape): Value {
    const [rows, columns, from, to] = shape;
    const given = nextFilter(this.weights, kind, shape);
    if (kind === 'depthwise') return this.tensor([1, rows, columns, from], given);
    return this.tensor([to, rows, columns, from], transposed(given, rows * columns * from, to));
  }

  convolution(kind: FilterKind, x: Value, filter: Value, bias: Value, stride: number): Value {
    const [batch, rows, columns] = x.shape;
    const shape = [batch, Math.ceil(rows / stride), Math.ceil(columns / stride), bias.shape[0]];
    const options = kind === 'full' ? { stride } : { stride, multiplier: 1 };
    const name = kind === 'full' ? 'CONV_2D' : 'DEPTHWISE_CONV_2D';
    return this.op(name, [x, filter, bias], shape, options);
  }

  meanOfPixels(x: Value): Value {
    return this.op('MEAN', [x, this.ints([1, 2])], [x.shape[0], x.shape[3]]);
  }

  /** The weights have a row for each unit. */
  dense(x: Value, kernel: Value, bias: Value): Value {
    const [inner, units] = kernel.shape;
    const data = this.tensors[kernel.tensor].data as Float32Array;
    const rows = this.tensor([units, inner], transposed(data, inner, units));
    const shape = [...x.shape.slice(0, -1), units];
    return this.op('FULLY_CONNECTED', [x, rows, bias], shape, { keepsAxes: true });
  }

  gelu(x: Value): Value {
    return this.op('GELU', [x], x.shape);
  }

  layerNorm(x: Value, scale: Value, shift: Value): Value {
    const mean = (of: Value): Value =>
      this.op('MEAN', [of, this.ints([of.shape.length - 1])], [...of.shape.slice(0, -1), 1], {
        keepsAxes: true,
      });
    const average = mean(x);
    const centred = this.op('SUB', [x, average], x.shape);
    const variance = mean(this.op('SQUARED_DIFFERENCE', [x, average], x.shape));
    const padded = this.op('ADD', [variance, this.scalar(EPSILON)], variance.shape);
    const normal = this.op('MUL', [centred, this.op('RSQRT', [padded], padded.shape)], x.shape);
    return this.sum(this.op('MUL', [normal, scale], x.shape), shift);
  }

  attention(q: Value, k: Value, v: Value, heads: number): Value {
    const [batch, tokens, width] = q.shape;
    const size = width / heads;
    const split = (x: Value): Value => {
      const apart = this.reshape(x, [batch, tokens, heads, size]);
      return this.transpose(apart, [0, 2, 1, 3]);
    };
    const square = [batch, heads, tokens, tokens];
    const scores = this.op('BATCH_MATMUL', [split(q), split(k)], square, {
      transposesSecond: true,
    });
    const scaled = this.op('MUL', [scores, this.scalar(1 / Math.sqrt(size))], square);
    const weights = this.op('SOFTMAX', [scaled], square);
    const context = this.op('BATCH_MATMUL', [weights, split(v)], [batch, heads, tokens, size]);
    return this.reshape(this.transpose(context, [0, 2, 1, 3]), q.shape);
  }

  private reshape(x: Value, shape: readonly number[]): Value {
    return this.op('RESHAPE', [x, this.ints(shape)], shape, { shape });
  }

  private transpose(x: Value, order: readonly number[]): Value {
    const shape = order.map((axis) => x.shape[axis]);
    return this.op('TRANSPOSE', [x, this.ints(order)], shape);
  }

  sum(a: Value, b: Value): Value {
    return this.op('ADD', [a, b], a.shape);
  }

  unary(op: Unary, x: Value): Value {
    return this.op(UNARY[op], [x], x.shape);
  }

  scale(op: Scaling, x: Value, by: number): Value {
    return this.op(SCALING[op], [x, this.scalar(by)], x.shape);
  }

  mean(x: Value): Value {
    return this.op('MEAN', [x, this.ints([...x.shape.keys()])], []);
  }
}

/** A matrix, its columns as rows. */
function transposed(given: Float32Array, rows: number, columns: number): Float32Array {
  const data = new Float32Array(given.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      data[column * rows + row] = given[row * columns + column];
    }
  }
  return data;
}
