/** What transformer blocks are written with, as converters leave it in a `model.json`. */
import { attr, TestGraph, type Attrs } from '../../unit/graph-model/support/test-graph';
import { seededNumbers } from '../small-graph-model';

export interface BlockOptions {
  readonly batch: number;
  readonly tokens: number;
  readonly width: number;
  readonly heads: number;
  readonly hidden: number;
  readonly layers: number;
}

/** Random weights `around ± size`, small enough that no layer grows its input much. */
export function seededWeight(
  seed: number,
  shape: readonly number[],
  size = 1 / Math.sqrt(shape[0]),
  around = 0,
): Float32Array {
  const count = shape.reduce((product, dim) => product * dim, 1);
  return seededNumbers(seed, count).map((x) => around + x * size);
}

/** Writes ops under made-up names; every helper answers the name of its result. */
export class BlockWriter extends TestGraph {
  private made = 0;
  private seed = 1;

  constructor(readonly options: BlockOptions) {
    super();
  }

  get headSize(): number {
    return this.options.width / this.options.heads;
  }

  op(op: string, input: readonly string[], attrs: Attrs = {}): string {
    return this.node(`${op}_${this.made++}`, op, input, { T: attr.type('float32'), ...attrs });
  }

  /** The next random weights; see `seededWeight`. */
  weight(shape: readonly number[], size?: number, around?: number): string {
    return this.constant(seededWeight(this.seed++, shape, size, around), shape);
  }

  reshape(x: string, shape: readonly number[]): string {
    return this.op('Reshape', [x, this.ints([...shape])]);
  }

  transpose(x: string, perm: readonly number[]): string {
    return this.op('Transpose', [x, this.ints([...perm])]);
  }

  einsum(equation: string, a: string, b: string): string {
    return this.op('Einsum', [a, b], { equation: attr.s(equation) });
  }

  mean(x: string, axis: number): string {
    return this.op('Mean', [x, this.ints([axis])], { keep_dims: attr.b(true) });
  }

  /** MatMul and BiasAdd on rows. */
  dense(x: string, from: number, to: number): string {
    return this.op('BiasAdd', [this.matMul(x, from, to), this.weight([to], 0.1)]);
  }

  matMul(x: string, from: number, to: number): string {
    const plain = { transpose_a: attr.b(false), transpose_b: attr.b(false) };
    return this.op('MatMul', [x, this.weight([from, to])], plain);
  }

  batchMatMul(a: string, b: string, transposed = false): string {
    return this.op('BatchMatMulV2', [a, b], { adj_x: attr.b(false), adj_y: attr.b(transposed) });
  }

  /** tf.nn.moments, then tf.nn.batch_normalization: what Keras and TF-Hub models hold. */
  layerNorm(
    x: string,
    epsilon = 1e-6,
    scale = this.weight([this.options.width], 0.2, 1),
    offset = this.weight([this.options.width], 0.2),
  ): string {
    const mean = this.mean(x, -1);
    const square = this.op('SquaredDifference', [x, this.op('StopGradient', [mean])]);
    const variance = this.op('AddV2', [this.mean(square, -1), this.constant(epsilon)]);
    const factor = this.op('Mul', [this.op('Rsqrt', [variance]), scale]);
    const shift = this.op('Sub', [offset, this.op('Mul', [mean, factor])]);
    return this.op('AddV2', [this.op('Mul', [x, factor]), shift]);
  }

  /** x · ½ · (1 + erf(x / √2)) */
  geluErf(x: string): string {
    const erf = this.op('Erf', [this.op('RealDiv', [x, this.constant(Math.SQRT2)])]);
    const half = this.op('Mul', [this.constant(0.5), x]);
    return this.op('Mul', [half, this.op('AddV2', [this.constant(1), erf])]);
  }

  /** x · ½ · (1 + tanh(√(2/π) · (x + 0.044715 x³))) */
  geluTanh(x: string): string {
    const cube = this.op('Mul', [this.constant(0.044715), this.op('Pow', [x, this.constant(3)])]);
    const inner = this.op('Mul', [
      this.constant(Math.sqrt(2 / Math.PI)),
      this.op('AddV2', [x, cube]),
    ]);
    const tanh = this.op('AddV2', [this.constant(1), this.op('Tanh', [inner])]);
    return this.op('Mul', [this.op('Mul', [this.constant(0.5), x]), tanh]);
  }
}
