/** Matrix products, reductions, softmax and batch normalization. */
import type { Value } from '../../ir/graph';
import { demand } from '../../ir/infer/refused';
import { normalizeAxes, normalizeAxis } from '../../ir/infer/shape';
import { addBiasAndActivation } from './activation';
import type { KernelCall, LazyKernel } from './lazy-kernel';

function matMul(call: KernelCall): Value {
  const [a, b] = [call.input(0), call.input(1)];
  const rank = Math.max(a.shape.length, b.shape.length);
  const align = (x: Value): Value =>
    call.b.reshape(x, [...new Array<number>(rank - x.shape.length).fill(1), ...x.shape]);
  return call.b.op('BatchMatMul', [align(a), align(b)], {
    transposeA: Boolean(call.attr('transposeA')),
    transposeB: Boolean(call.attr('transposeB')),
  });
}

/** Sums and products count bools as integers. */
const COUNTS_BOOLS: ReadonlySet<string> = new Set(['Sum', 'Prod']);

/** An axis, several, or all of them. */
function axesOf(axis: number | readonly number[] | null | undefined, rank: number): number[] {
  return normalizeAxes(axis == null ? undefined : [axis].flat(), rank);
}

function reduce(kernel: string, axisName: string) {
  return (call: KernelCall): Value => {
    const x = call.input(0);
    const axes = axesOf(call.attr<number | number[] | undefined>(axisName), x.shape.length);
    const counted = COUNTS_BOOLS.has(kernel) && x.dtype === 'bool' ? call.b.cast(x, 'int32') : x;
    return call.b.op(kernel, [counted], { axes, keepDims: Boolean(call.attr('keepDims')) });
  };
}

function argExtreme(kernel: string) {
  return (call: KernelCall): Value => {
    const x = call.input(0);
    const [axis] = [call.attr<number | number[]>('axis')].flat();
    return call.b.op(kernel, [x], { axis: normalizeAxis(axis, x.shape.length) });
  };
}

function softmax(call: KernelCall): Value {
  const logits = call.input(0);
  const dim = call.attr<number>('dim');
  demand(dim === logits.shape.length - 1, () => `dim is ${dim}`);
  return call.b.op('Softmax', [logits]);
}

/** `x · factor + shift`, which a convolution before it can absorb. */
function batchNorm(call: KernelCall): Value {
  const { b } = call;
  const [x, mean, variance] = [call.input(0), call.input(1), call.input(2)];
  const [offset, scale] = [call.inputs[3], call.inputs[4]];
  const epsilon = b.scalar(call.attr<number>('varianceEpsilon'));
  const inverse = b.op('Rsqrt', [b.op('Add', [variance, epsilon])]);
  const factor = scale ? b.op('Multiply', [scale, inverse]) : inverse;
  const moved = b.op('Multiply', [mean, factor]);
  const shift = offset ? b.op('Sub', [offset, moved]) : b.op('Neg', [moved]);
  return b.op('Add', [b.op('Multiply', [x, factor]), shift]);
}

const reductions: readonly LazyKernel[] = [
  ['Sum', 'axis'],
  ['Mean', 'axis'],
  ['Max', 'reductionIndices'],
  ['Min', 'axis'],
  ['Prod', 'axis'],
  ['All', 'axis'],
  ['Any', 'axis'],
].map(([kernel, axisName]) => ({
  kernel,
  inputs: ['x'],
  onCpu: kernel === 'Max' || kernel === 'Prod',
  lower: reduce(kernel, axisName),
}));

export const reductionKernels: readonly LazyKernel[] = [
  ...reductions,
  { kernel: 'ArgMax', inputs: ['x'], lower: argExtreme('ArgMax') },
  { kernel: 'ArgMin', inputs: ['x'], lower: argExtreme('ArgMin') },
  { kernel: 'BatchMatMul', inputs: ['a', 'b'], lower: matMul },
  {
    kernel: '_FusedMatMul',
    inputs: ['a', 'b', 'bias', 'preluActivationWeights'],
    lower: (call) => addBiasAndActivation(call, matMul(call)),
  },
  { kernel: 'Softmax', inputs: ['logits'], lower: softmax },
  {
    kernel: 'FusedBatchNorm',
    inputs: ['x', 'mean', 'variance', 'offset', 'scale'],
    lower: batchNorm,
  },
];
