/** The table of kernels that can wait: all that have a lowering. Every other one runs at once. */
import type { Attrs, Value } from '../../ir/graph';
import type { Lowering } from '../../lowering/lowering';
import { lowerings } from '../../registry/lowerings';
import { STEERING } from '../../host/cpu-fallback';
import { readAttributes } from './attributes';
import { NothingToCompute, type LazyKernel } from './lazy-kernel';
import { isPassedOn } from './passed-on';

/**
 * Those that stock computes on the CPU where their operands are few and live there; but not Tile, which
 * makes many of few, so that a layer's gain would be tiled and uploaded in each call, nor Prod, which drops
 * axes there that are to be kept.
 */
const ON_CPU: ReadonlySet<string> = new Set([
  ...['Abs', 'Ceil', 'Exp', 'Expm1', 'Floor', 'Log', 'Neg', 'Rsqrt', 'Cast'],
  ...['Add', 'Sub', 'Multiply', 'FloorDiv', 'Maximum', 'Minimum'],
  ...['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual'],
  ...['Max', 'Transpose', 'Slice', 'StridedSlice', 'Concat', 'Pack', 'SplitV', 'Unpack'],
  ...['GatherV2', 'GatherNd'],
  ...['NonMaxSuppressionV3', 'NonMaxSuppressionV4', 'NonMaxSuppressionV5'],
]);

function lazyKernel(kernel: string, lowering: Lowering): LazyKernel {
  const { inputs, hasManyOutputs, counted, lower } = lowering;
  return {
    kernel,
    inputs,
    hasManyOutputs,
    counted,
    onCpu: ON_CPU.has(kernel) || (STEERING.has(kernel) && 'integral'),
    lower(b, operands, attrs: Attrs) {
      const lowered = lower(b, operands, readAttributes(kernel, attrs, operands));
      const [first] = [lowered].flat() as readonly Value[];
      if (isPassedOn(kernel, operands, attrs, first)) throw new NothingToCompute();
      return lowered;
    },
  };
}

export const lazyKernels: readonly LazyKernel[] = [...lowerings].map(([kernel, lowering]) =>
  lazyKernel(kernel, lowering),
);

export { NothingToCompute, isComposed, type ComposedKernel, type LazyKernel } from './lazy-kernel';
