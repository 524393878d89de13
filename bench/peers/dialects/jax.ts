/** Networks as functions of jax-js, in the form that its users write them. */
import {
  EPSILON,
  nextFilterChannelsFirst,
  WeightSource,
  type Dialect,
  type FilterKind,
  type Network,
  type Scaling,
  type Unary,
} from './dialect';

/** What is used of an array of jax-js. Every operation takes over its operands; `ref` keeps one. */
export interface JaxArray {
  readonly ref: JaxArray;
  readonly shape: readonly number[];
  add(by: JaxArray | number): JaxArray;
  sub(by: JaxArray | number): JaxArray;
  mul(by: JaxArray | number): JaxArray;
  mean(axis?: readonly number[]): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  transpose(perm: readonly number[]): JaxArray;
  data(): Promise<Float32Array>;
  dispose(): void;
}

type Elementwise = (x: JaxArray) => JaxArray;

/** What is used of the package `@jax-js/jax`. */
export interface Jax {
  init(device: 'webgpu'): Promise<readonly string[]>;
  defaultDevice(device: 'webgpu'): unknown;
  jit(f: (weights: JaxArray[], x: JaxArray) => JaxArray): {
    (weights: JaxArray[], x: JaxArray): JaxArray;
  };
  readonly numpy: Record<'tanh' | 'sqrt' | 'exp', Elementwise> & {
    array(data: Float32Array, options: { shape: readonly number[] }): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
  };
  readonly lax: {
    convGeneralDilated(
      x: JaxArray,
      filter: JaxArray,
      strides: readonly number[],
      padding: 'SAME',
      options: { featureGroupCount: number },
    ): JaxArray;
  };
  readonly nn: {
    relu: Elementwise;
    relu6: Elementwise;
    gelu(x: JaxArray, options: { approximate: boolean }): JaxArray;
    standardize(x: JaxArray, axis: number, options: { epsilon: number }): JaxArray;
    dotProductAttention(q: JaxArray, k: JaxArray, v: JaxArray): JaxArray;
  };
}

/** A network as one compiled function, with its weights on the device. */
export function jaxFunction(jax: Jax, network: Network): (x: JaxArray) => JaxArray {
  const weights = weightsOf(jax, network);
  const run = jax.jit((arrays, x) => {
    const dialect = new JaxDialect(jax, arrays, x);
    const y = network(dialect);
    dialect.release(y);
    return y;
  });
  return (x) =>
    run(
      weights.map(({ ref }) => ref),
      x,
    );
}

/** The weights that a network asks for, in order. */
function weightsOf({ numpy }: Jax, network: Network): JaxArray[] {
  const source = new WeightSource();
  const weights: JaxArray[] = [];
  const nothing = (): null => null;
  network<null>({
    weight(shape, size, around) {
      weights.push(numpy.array(source.next(shape, size, around), { shape }));
      return null;
    },
    filter(kind, shape) {
      const filter = nextFilterChannelsFirst(source, kind, shape);
      weights.push(numpy.array(filter.data, { shape: filter.shape }));
      return null;
    },
    input: nothing,
    convolution: nothing,
    meanOfPixels: nothing,
    dense: nothing,
    gelu: nothing,
    layerNorm: nothing,
    attention: nothing,
    sum: nothing,
    unary: nothing,
    scale: nothing,
    mean: nothing,
  });
  return weights;
}

/** Keeps every value until the end, for a network may use one more than once. */
class JaxDialect implements Dialect<JaxArray> {
  private readonly values: JaxArray[] = [];
  private next = 0;
  private readonly elementwise: Record<Unary, Elementwise>;

  constructor(
    private readonly jax: Jax,
    private readonly weights: readonly JaxArray[],
    private readonly x: JaxArray,
  ) {
    const { tanh, sqrt, exp } = jax.numpy;
    const { relu, relu6 } = jax.nn;
    this.elementwise = { tanh, sqrt, exp, relu, relu6 };
  }

  /** Lets go of everything but the output. */
  release(output: JaxArray): void {
    for (const value of this.values) if (value !== output) value.dispose();
  }

  private keep(value: JaxArray): JaxArray {
    this.values.push(value);
    return value;
  }

  /** Images are turned to channels first, in which everything is computed. */
  input(shape: readonly number[]): JaxArray {
    const x = this.keep(this.x);
    return shape.length === 4 ? this.keep(x.ref.transpose([0, 3, 1, 2])) : x;
  }

  filter(): JaxArray {
    return this.weight();
  }

  convolution(
    kind: FilterKind,
    x: JaxArray,
    filter: JaxArray,
    bias: JaxArray,
    stride: number,
  ): JaxArray {
    const y = this.jax.lax.convGeneralDilated(x.ref, filter.ref, [stride, stride], 'SAME', {
      featureGroupCount: kind === 'full' ? 1 : x.shape[1],
    });
    return this.keep(y.add(bias.ref.reshape([bias.shape[0], 1, 1])));
  }

  meanOfPixels(x: JaxArray): JaxArray {
    return this.keep(x.ref.mean([2, 3]));
  }

  weight(): JaxArray {
    return this.keep(this.weights[this.next++]);
  }

  dense(x: JaxArray, kernel: JaxArray, bias: JaxArray): JaxArray {
    return this.keep(this.jax.numpy.matmul(x.ref, kernel.ref).add(bias.ref));
  }

  gelu(x: JaxArray): JaxArray {
    return this.keep(this.jax.nn.gelu(x.ref, { approximate: false }));
  }

  layerNorm(x: JaxArray, scale: JaxArray, shift: JaxArray): JaxArray {
    const normal = this.jax.nn.standardize(x.ref, -1, { epsilon: EPSILON });
    return this.keep(normal.mul(scale.ref).add(shift.ref));
  }

  attention(q: JaxArray, k: JaxArray, v: JaxArray, heads: number): JaxArray {
    const [batch, tokens, width] = q.shape;
    const split = ({ ref }: JaxArray): JaxArray =>
      ref.reshape([batch, tokens, heads, width / heads]);
    const context = this.jax.nn.dotProductAttention(split(q), split(k), split(v));
    return this.keep(context.reshape([batch, tokens, width]));
  }

  sum(a: JaxArray, b: JaxArray): JaxArray {
    return this.keep(a.ref.add(b.ref));
  }

  unary(op: Unary, x: JaxArray): JaxArray {
    return this.keep(this.elementwise[op](x.ref));
  }

  scale(op: Scaling, x: JaxArray, by: number): JaxArray {
    return this.keep(x.ref[op](by));
  }

  mean(x: JaxArray): JaxArray {
    return this.keep(x.ref.mean());
  }
}
