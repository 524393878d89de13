/**
 * Runs kernels of `cpu` a little off, to see how far a right answer may be from its own: every operand and
 * result of a kernel that rounds is moved by up to 2⁻²⁰ of itself, which is more than WGSL allows any op that
 * we use, and than the order of a sum changes (a sum is exact for operands that are off by its rounding:
 * Wilkinson's backward error). What only moves or compares elements stays as it is.
 */
import * as tf from '@tensorflow/tfjs-core';
import { largestOf } from '../../src/verify/judge';
import { uniform } from '../../src/verify/reference';

const NOISE = 2 ** -20;

/** What a Fourier transform is off by shows in its parts, in relation to the largest of both of them. */
const PARTS: ReadonlySet<string> = new Set(['Real', 'Imag']);

const largest = (x: tf.Tensor): number => largestOf(x.dataSync<'float32'>());

/**
 * How far a part of a complex operand may be off. Its data are both of its parts. The angles of a transform of n
 * elements are up to 2πn, of which a float32 has 2⁻²⁴: 0.4 n · 2⁻²⁰.
 */
function partNoise(inputs: Parameters<RunKernel>[1]): number {
  const [x] = Object.values(inputs as Record<string, tf.Tensor>);
  return NOISE * largest(x) * Math.max(1, 0.4 * (x.shape.at(-1) ?? 1));
}

/** Kernels whose results are elements of their operands, or decided by them. */
const EXACT: ReadonlySet<string> = new Set([
  ...['Identity', 'Reshape', 'Transpose', 'Slice', 'StridedSlice', 'Concat', 'Pack', 'Unpack'],
  ...['SplitV', 'GatherV2', 'GatherNd', 'Tile', 'BroadcastTo', 'PadV2', 'MirrorPad', 'Reverse'],
  ...['ExpandDims', 'Fill', 'OnesLike', 'ZerosLike', 'Range', 'OneHot', 'Select', 'Cast', 'Diag'],
  ...['Relu', 'Relu6', 'Abs', 'Neg', 'Sign', 'Floor', 'Ceil', 'Round', 'Step', 'ClipByValue'],
  ...['Maximum', 'Minimum', 'Max', 'Min', 'ArgMax', 'ArgMin', 'TopK', 'MaxPool', 'All', 'Any'],
  ...['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual', 'IsNan', 'IsInf'],
  ...['IsFinite', 'LogicalAnd', 'LogicalOr', 'LogicalNot', 'SpaceToBatchND', 'BatchToSpaceND'],
  ...['DepthToSpace', 'Complex', 'ScatterNd', 'SparseToDense', 'Unique'],
]);

type RunKernel = ReturnType<typeof tf.engine>['runKernel'];

function mapFloats(tensor: tf.Tensor, change: (x: number, at: number) => number): tf.Tensor {
  if (tensor.dtype !== 'float32') return tensor;
  return tf.tensor(tensor.dataSync<'float32'>().map(change), tensor.shape, 'float32');
}

function mapInputs(
  inputs: Parameters<RunKernel>[1],
  change: (x: tf.Tensor) => tf.Tensor,
): Parameters<RunKernel>[1] {
  const one = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(one)
      : value instanceof tf.Tensor
        ? change(value as tf.Tensor)
        : value;
  if (Array.isArray(inputs)) return (inputs as unknown[]).map(one) as never;
  return Object.fromEntries(Object.entries(inputs).map(([name, x]) => [name, one(x)])) as never;
}

/** What a kernel is replaced by, given how it runs. */
type Replacement = (
  kernel: string,
  inputs: Parameters<RunKernel>[1],
  run: (inputs: Parameters<RunKernel>[1]) => tf.Tensor[],
) => tf.Tensor[];

async function withKernels<T>(replacement: Replacement, run: () => Promise<T>): Promise<T> {
  const engine = tf.engine();
  const { runKernel } = engine;
  let isInside = false;
  engine.runKernel = ((kernel, inputs, attrs) => {
    if (isInside) return runKernel.call(engine, kernel, inputs, attrs);
    isInside = true;
    try {
      let isList = false;
      const results = replacement(kernel, inputs, (given) => {
        const answer = runKernel.call<
          typeof engine,
          Parameters<RunKernel>,
          tf.Tensor | tf.Tensor[]
        >(engine, kernel, given, attrs);
        isList = Array.isArray(answer);
        return [answer].flat();
      });
      return (isList ? results : results[0]) as never;
    } finally {
      isInside = false;
    }
  }) as RunKernel;
  try {
    return await run();
  } finally {
    engine.runKernel = runKernel;
  }
}

/** Rounds to what is left of a float32 with steps as large as the noise, `phase` of a step farther up. */
function coarse(x: number, phase: number): number {
  if (x === 0 || !Number.isFinite(x)) return x;
  const step = NOISE * 2 ** Math.floor(Math.log2(Math.abs(x)));
  return (Math.round(x / step - phase) + phase) * step;
}

/**
 * Runs on `cpu` with every kernel that rounds a little off: by random amounts, or by rounding more than it
 * does (odd seeds), so that results are equal which are nearly so.
 */
export function withNoise<T>(seed: number, run: () => Promise<T>): Promise<T> {
  const random = uniform(seed);
  const phase = random() - 0.5;
  const isCoarse = seed % 2 === 1;
  const noisy = (x: number): number =>
    isCoarse ? coarse(x, phase) : x * (1 + NOISE * (2 * random() - 1));
  return withKernels((kernel, inputs, call) => {
    if (EXACT.has(kernel)) return call(inputs);
    return call(mapInputs(inputs, (x) => mapFloats(x, noisy))).map((y) => {
      const extra = kernel === 'Erf' ? NOISE : PARTS.has(kernel) ? partNoise(inputs) : 0;
      // A part that is next to nothing may be nothing.
      if (isCoarse && extra > 0) return mapFloats(y, (value) => extra * Math.round(value / extra));
      return mapFloats(y, (value) => noisy(value) + extra * (2 * random() - 1));
    });
  }, run);
}

/** Kernels in which a compiler may cancel x − x, whatever x is. */
const CANCELS: ReadonlySet<string> = new Set(['Sub', 'SquaredDifference', 'FusedBatchNorm']);
/** What stands for NaN there: no difference of it and something else is 0 by chance. */
const STAND_IN = Math.SQRT2;
/** What stands for infinity, and what nothing comes to but by it. */
const HUGE = 2 ** 100;
const ROOT = 2 ** 40;

/**
 * Runs on `cpu` with other answers to operations that IEEE calls invalid: where infinities alone make a NaN,
 * as in ∞ − ∞, 0 · ∞ and ∞ / ∞, the answer is what it would be were they huge; and NaN − NaN is 0. WGSL lets
 * compilers assume that there are neither infinities nor NaN, and cancel.
 */
export function withoutInvalid<T>(run: () => Promise<T>): Promise<T> {
  return withKernels((kernel, inputs, call) => {
    const results = call(inputs);
    if (EXACT.has(kernel)) return results;
    const isInvalid = results.some(
      (y) => y.dtype === 'float32' && y.dataSync().some((value) => Number.isNaN(value)),
    );
    if (!isInvalid) return results;
    const finite = call(
      mapInputs(inputs, (x) =>
        mapFloats(x, (value) => {
          if (Math.abs(value) === Infinity) return Math.sign(value) * HUGE;
          return CANCELS.has(kernel) && Number.isNaN(value) ? STAND_IN : value;
        }),
      ),
    );
    return results.map((y, i) => {
      const others = finite[i].dataSync();
      const mayBe = (value: number): boolean => kernel === 'FusedBatchNorm' || value === 0;
      return mapFloats(y, (value, at) => {
        if (!Number.isNaN(value)) return value;
        const other = Math.abs(others[at]) > ROOT ? Math.sign(others[at]) * Infinity : others[at];
        return !CANCELS.has(kernel) || mayBe(other) ? other : value;
      });
    });
  }, run);
}
