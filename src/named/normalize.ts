/**
 * Layer normalisation: Ba, Kiros and Hinton, "Layer Normalization" (2016). RMS normalisation: Zhang
 * and Sennrich, "Root Mean Square Layer Normalization" (2019).
 */
import {
  add,
  mean,
  mul,
  rsqrt,
  square,
  sub,
  tidy,
  type Tensor,
  type TensorLike,
} from '@tensorflow/tfjs-core';
import type { ComposedKernel } from '../eager/kernels';
import type { Attrs } from '../ir/graph';
import { lowering } from '../lowering/lowering';
import { broadcastsTo, fail, floatTensor, optionalTensor, sumTo, type Input } from './arguments';
import { isDifferentiating, nothing, run, withGradient } from './named-kernel';

export interface NormOptions {
  /** Added to the variance, or to the mean square; 1e-3, as for `tf.layers.layerNormalization`. */
  readonly epsilon?: number;
  /** The axis or axes over which a row extends; −1, the last. */
  readonly axis?: number | readonly number[];
  readonly residual?: null;
}

export interface ResidualNormOptions extends Omit<NormOptions, 'residual'> {
  /** Added to x before it is normalised; of x's shape. */
  readonly residual: Input;
}

/** Both results of a normalisation behind a residual connection. */
export interface SumAndNorm<T extends Tensor = Tensor> {
  /** x + residual, which the next residual connection starts from. */
  readonly sum: T;
  /** The sum, normalised. */
  readonly normalized: T;
}

type Form = 'layer' | 'rms';

interface NormAttrs {
  readonly axes: readonly number[];
  readonly epsilon: number;
  readonly form: Form;
}

/** The normalised rows of x, and the factor that they were multiplied with. */
function standardize(x: Tensor, attrs: NormAttrs): { rows: Tensor; inverse: Tensor } {
  const axes = [...attrs.axes];
  const centered = attrs.form === 'layer' ? sub(x, mean(x, axes, true)) : x;
  const inverse = rsqrt(add(mean(square(centered), axes, true), attrs.epsilon));
  return { rows: mul(centered, inverse), inverse };
}

export const normKernel: ComposedKernel = {
  kernel: 'WebGPUFusedNorm',
  hasManyOutputs: true,
  ...lowering(['x', 'residual?', 'scale?', 'offset?'], (b, operands, attrs: Attrs) => {
    const [given, residual, scale, offset] = operands;
    const x = residual ? b.op('Add', [given, residual]) : given;
    const { axes, epsilon, form } = attrs as unknown as NormAttrs;
    let y = b.op('Normalize', [x, b.scalar(epsilon)], { axes, form });
    if (scale) y = b.op('Multiply', [y, scale]);
    if (offset) y = b.op('Add', [y, offset]);
    return residual ? [x, y] : [y];
  }),
  compose([given, residual, scale, offset], attrs) {
    const x = residual ? add(given as Tensor, residual) : (given as Tensor);
    let y = standardize(x, attrs as unknown as NormAttrs).rows;
    if (scale) y = mul(y, scale);
    if (offset) y = add(y, offset);
    return residual ? [x, y] : [y];
  },
};

/** `normalize(x) · scale + offset` with its gradient, which computes the statistics once more. */
function normalizeRows(
  x: Tensor,
  scale: Tensor | undefined,
  offset: Tensor | undefined,
  attrs: NormAttrs,
): Tensor {
  const axes = [...attrs.axes];
  const inputs = [x, scale, offset].filter((input) => input !== undefined);
  return withGradient(
    inputs,
    () => run(normKernel, [x, undefined, scale, offset], { ...attrs })[0],
    (dy, [savedX, ...rest]) => {
      const { rows, inverse } = standardize(savedX, attrs);
      const dRows = scale ? mul(dy, rest[0]) : dy;
      // What changes the row's mean square, or its mean, is taken out again.
      const along = mul(rows, mean(mul(dRows, rows), axes, true));
      const level = attrs.form === 'layer' ? sub(dRows, mean(dRows, axes, true)) : dRows;
      const gradients = [mul(inverse, sub(level, along))];
      if (scale) gradients.push(sumTo(mul(dy, rows), scale.shape));
      if (offset) gradients.push(sumTo(dy, offset.shape));
      return gradients;
    },
  );
}

function normalizedAxes(operation: string, axis: number | readonly number[], x: Tensor): number[] {
  const axes = [axis].flat().map((one: number) => (one < 0 ? one + x.rank : one));
  if (
    axes.length === 0 ||
    axes.some((one) => !(Number.isInteger(one) && one >= 0 && one < x.rank))
  ) {
    const needs = `axes of x [${x.shape}], from ${-x.rank} to ${x.rank - 1}`;
    fail(operation, `axis ${JSON.stringify(axis)}`, needs, 'Name one or several of them.');
  }
  return [...new Set(axes)].sort((a, b) => a - b);
}

function normalize(
  operation: string,
  form: Form,
  given: { x: Input; scale?: Input | null; offset?: Input | null },
  options: NormOptions | ResidualNormOptions | null,
): Tensor | SumAndNorm {
  const { epsilon = 1e-3, axis = -1, residual: other } = options ?? {};
  const result = tidy(operation, () => {
    const x = floatTensor(operation, 'x', given.x);
    const scale = optionalTensor(operation, 'scale', given.scale);
    const offset = optionalTensor(operation, 'offset', given.offset);
    const residual = optionalTensor(operation, 'residual', other);
    if (!(epsilon >= 0)) {
      fail(operation, `epsilon ${epsilon}`, 'a number that is not negative', 'Try 1e-3.');
    }
    const axes = normalizedAxes(operation, axis, x);
    for (const [name, operand] of Object.entries({ scale, offset })) {
      if (!operand || broadcastsTo(operand.shape, x.shape)) continue;
      const needs = `a shape that broadcasts to x [${x.shape}]`;
      const cure = `Give ${name} the dimensions of x along the axes, and 1 along the others.`;
      fail(operation, `${name} [${operand.shape}]`, needs, cure);
    }
    if (residual && String(residual.shape) !== String(x.shape)) {
      const needs = `the shape of x, [${x.shape}]`;
      fail(operation, `residual [${residual.shape}]`, needs, 'Reshape or tile it.');
    }
    const inputs = [x, residual, scale, offset];
    const present = inputs.filter((input) => input !== undefined);
    if (x.size === 0) {
      const empty = (): Tensor => nothing(present, x.shape);
      return residual ? [empty(), empty()] : [empty()];
    }
    const attrs: NormAttrs = { axes, epsilon, form };
    if (!isDifferentiating()) return run(normKernel, inputs, { ...attrs });
    const sum = residual ? add(x, residual) : x;
    const normalized = normalizeRows(sum, scale, offset, attrs);
    return residual ? [sum, normalized] : [normalized];
  });
  return result.length === 2 ? { sum: result[0], normalized: result[1] } : result[0];
}

/**
 * Layer normalisation, `(x − mean) / √(variance + ε) · scale + offset`, with the mean and the
 * variance of each row: of the elements along `axis` (Ba et al., "Layer Normalization", 2016). One
 * dispatch on `webgpu-fused`.
 *
 * @param x a float32 tensor of any rank from 1.
 * @param scale γ, or null for none: float32, of a shape that broadcasts to x; for the last axis,
 *   `[x.shape.at(-1)]`.
 * @param offset β, likewise.
 * @returns a tensor of x's shape.
 * @throws Error if a dtype is not float32, a shape does not broadcast to x's, or an axis is not x's.
 */
export function layerNorm<T extends Tensor = Tensor>(
  x: T | TensorLike,
  scale?: Input | null,
  offset?: Input | null,
  options?: NormOptions,
): T;
/**
 * Layer normalisation of `x + residual`: the sum and its normalisation, in one dispatch on
 * `webgpu-fused` (in two while gradients are computed with `WEBGPU_FUSED_LAZY` off).
 */
export function layerNorm<T extends Tensor = Tensor>(
  x: T | TensorLike,
  scale: Input | null | undefined,
  offset: Input | null | undefined,
  options: ResidualNormOptions,
): SumAndNorm<T>;
export function layerNorm(
  x: Input,
  scale?: Input | null,
  offset?: Input | null,
  options: NormOptions | ResidualNormOptions = {},
): Tensor | SumAndNorm {
  return normalize('layerNorm', 'layer', { x, scale, offset }, options);
}

/**
 * RMS normalisation, `x / √(mean(x²) + ε) · scale` (Zhang and Sennrich, "Root Mean Square Layer
 * Normalization", 2019). As {@link layerNorm}, without a mean and an offset.
 */
export function rmsNorm<T extends Tensor = Tensor>(
  x: T | TensorLike,
  scale?: Input | null,
  options?: NormOptions,
): T;
/** RMS normalisation of `x + residual`: the sum and its normalisation. */
export function rmsNorm<T extends Tensor = Tensor>(
  x: T | TensorLike,
  scale: Input | null | undefined,
  options: ResidualNormOptions,
): SumAndNorm<T>;
export function rmsNorm(
  x: Input,
  scale?: Input | null,
  options: NormOptions | ResidualNormOptions = {},
): Tensor | SumAndNorm {
  return normalize('rmsNorm', 'rms', { x, scale }, options);
}
