/** Pools over rows and columns of NHWC images. */
import type { GraphBuilder } from '../ir/builder';
import type { Value } from '../ir/graph';
import { demand } from '../ir/infer/refused';
import { demandRank } from '../ir/infer/shape';
import { lowering } from './lowering';
import { pairOf, windowOf, type Extent, type PaddedAttrs, type Window } from './padding';

interface PoolAttrs extends Omit<PaddedAttrs, 'dilations' | 'dataFormat'> {
  readonly filterSize: Extent;
}

function coversImage(
  { shape }: Value,
  [height, width]: readonly number[],
  { pad }: Window,
): boolean {
  const isUnpadded = Object.values(pad).every((size) => size === 0);
  return isUnpadded && height === shape[1] && width === shape[2];
}

function pool(b: GraphBuilder, kernel: 'MaxPool' | 'AvgPool', x: Value, attrs: PoolAttrs): Value {
  demandRank(x, 4, 'input');
  demand(kernel === 'MaxPool' || x.dtype === 'float32', () => 'tfjs averages floats only');
  const filterSize = pairOf(attrs.filterSize);
  const window = windowOf(x.shape, filterSize, attrs);
  const { strides, dilations, pad } = window;
  const y = b.op(kernel, [x], { filterSize, strides, dilations, pad });
  window.checkSize(y);
  // A reduction shares the work of one output among many invocations; a window does not.
  return kernel === 'AvgPool' && coversImage(x, filterSize, window)
    ? b.op('Mean', [x], { axes: [1, 2], keepDims: true })
    : y;
}

export const poolLowerings = {
  MaxPool: lowering(['x'], (b, [x], attrs: PoolAttrs) => pool(b, 'MaxPool', x, attrs)),
  AvgPool: lowering(['x'], (b, [x], attrs: PoolAttrs) => pool(b, 'AvgPool', x, attrs)),
};
