/** Convolutions and pools, all NHWC. */
import { sizeOf, type Attrs, type Node, type Shape } from '../../ir/graph';
import type { Padding2D } from '../../ir/infer/window';
import type { Doubles, PrimitiveEvaluator } from './evaluator';
import type { Precision } from './precision';

interface WindowShape {
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly pad: Padding2D;
}

function windowOf(attrs: Attrs, size: readonly number[]): WindowShape {
  return { dilations: [1, 1], ...attrs, size } as unknown as WindowShape;
}

/** Calls `visit` with every output pixel, and what is there of its window: taps and input pixels. */
function forEachTap(
  x: Shape,
  [batch, height, width]: Shape,
  { size, strides, dilations, pad }: WindowShape,
  visit: (pixel: number, tap: number, source: number) => void,
): void {
  for (let b = 0; b < batch; b++) {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const pixel = (b * height + row) * width + column;
        for (let i = 0; i < size[0]; i++) {
          const y = row * strides[0] - pad.top + i * dilations[0];
          if (y < 0 || y >= x[1]) continue;
          for (let j = 0; j < size[1]; j++) {
            const z = column * strides[1] - pad.left + j * dilations[1];
            if (z < 0 || z >= x[2]) continue;
            visit(pixel, i * size[1] + j, (b * x[1] + y) * x[2] + z);
          }
        }
      }
    }
  }
}

/** Adds `factor · row` to the sums from `to` on. */
function addScaled(
  sums: Doubles,
  to: number,
  factor: number,
  row: Doubles,
  from: number,
  count: number,
  { isSingle }: Precision,
): void {
  if (isSingle) {
    for (let i = 0; i < count; i++) {
      sums[to + i] = Math.fround(sums[to + i] + factor * row[from + i]);
    }
  } else for (let i = 0; i < count; i++) sums[to + i] += factor * row[from + i];
}

/** With `parts`, all of the sum is the first part: how kernels divide it is theirs to know. */
const conv2d: PrimitiveEvaluator = (
  { inputs: [x, filter], outputs: [out], attrs },
  [pixels, taps],
  precision,
) => {
  const [height, width, channels, columns] = filter.shape;
  const sums = new Float64Array(sizeOf(out.shape));
  const shape = out.shape.slice(-4);
  forEachTap(x.shape, shape, windowOf(attrs, [height, width]), (pixel, tap, source) => {
    for (let c = 0; c < channels; c++) {
      const from = (tap * channels + c) * columns;
      addScaled(
        sums,
        pixel * columns,
        pixels[source * channels + c],
        taps,
        from,
        columns,
        precision,
      );
    }
  });
  return sums;
};

/** A depthwise convolution: [pixels, channels · multiplier]. */
export function depthwiseOf(
  { inputs: [x, filter], attrs }: Node,
  shape: Shape,
  [pixels, taps]: readonly Doubles[],
  { isSingle }: Precision,
): Doubles {
  const [height, width, channels, multiplier] = filter.shape;
  const sums = new Float64Array(sizeOf(shape));
  forEachTap(x.shape, shape, windowOf(attrs, [height, width]), (pixel, tap, source) => {
    for (let c = 0; c < channels; c++) {
      for (let m = 0; m < multiplier; m++) {
        const at = c * multiplier + m;
        const to = pixel * channels * multiplier + at;
        const sum =
          sums[to] + pixels[source * channels + c] * taps[tap * channels * multiplier + at];
        sums[to] = isSingle ? Math.fround(sum) : sum;
      }
    }
  });
  return sums;
}

/** The gradient of a convolution: scatters what the convolution gathers. */
const conv2dTranspose: PrimitiveEvaluator = (
  { inputs: [dy, filter], outputs: [out], attrs },
  [pixels, taps],
  precision,
) => {
  const [height, width, columns, channels] = filter.shape;
  const sums = new Float64Array(sizeOf(out.shape));
  const column = new Float64Array(columns);
  forEachTap(out.shape, dy.shape, windowOf(attrs, [height, width]), (pixel, tap, target) => {
    for (let c = 0; c < channels; c++) {
      for (let o = 0; o < columns; o++) column[o] = taps[(tap * columns + o) * channels + c];
      addScaled(
        sums,
        target * columns,
        pixels[pixel * channels + c],
        column,
        0,
        columns,
        precision,
      );
    }
  });
  return sums;
};

const maxPool: PrimitiveEvaluator = ({ inputs: [x], outputs: [out], attrs }, [pixels]) => {
  const channels = x.shape[3];
  const best = new Float64Array(sizeOf(out.shape)).fill(-Infinity);
  const window = windowOf(attrs, attrs.filterSize as number[]);
  forEachTap(x.shape, out.shape, window, (pixel, _tap, source) => {
    for (let c = 0; c < channels; c++) {
      const value = pixels[source * channels + c];
      if (value > best[pixel * channels + c]) best[pixel * channels + c] = value;
    }
  });
  return best;
};

/** The maximum, and the first tap that has it; -1 where nothing is larger than -∞. */
const maxPoolPositions: PrimitiveEvaluator = (node, [pixels], precision) => {
  const { inputs: [x], outputs: [out], attrs } = node; // prettier-ignore
  const channels = x.shape[3];
  const best = maxPool(node, [pixels], precision) as Doubles;
  const positions = new Float64Array(best.length).fill(-1);
  const window = windowOf(attrs, attrs.filterSize as number[]);
  forEachTap(x.shape, out.shape, window, (pixel, tap, source) => {
    for (let c = 0; c < channels; c++) {
      const to = pixel * channels + c;
      const value = pixels[source * channels + c];
      if (positions[to] < 0 && value === best[to] && value > -Infinity) positions[to] = tap;
    }
  });
  return [best, positions];
};

/** Adds each element of `dy` to the pixels of its window that `counts` names. */
function passBack(
  { inputs: [dy], outputs: [dx], attrs }: Node,
  gradient: Doubles,
  precision: Precision,
  counts: (tap: number, element: number) => boolean,
): Doubles {
  const channels = dx.shape[3];
  const sums = new Float64Array(sizeOf(dx.shape));
  const window = windowOf(attrs, attrs.filterSize as number[]);
  forEachTap(dx.shape, dy.shape, window, (pixel, tap, target) => {
    for (let c = 0; c < channels; c++) {
      const element = pixel * channels + c;
      if (!counts(tap, element)) continue;
      addScaled(sums, target * channels + c, 1, gradient, element, 1, precision);
    }
  });
  return sums;
}

const maxPoolGrad: PrimitiveEvaluator = (node, [dy, positions], precision) =>
  passBack(node, dy, precision, (tap, element) => positions[element] === tap);

const avgPoolGrad: PrimitiveEvaluator = (node, [dy], precision) => {
  const [height, width] = node.attrs.filterSize as number[];
  const sums = passBack(node, dy, precision, () => true);
  return sums.map((sum) => precision.round('RealDiv', [], sum / (height * width)));
};

const depthwiseGrad: PrimitiveEvaluator = (
  { inputs: [dy, filter], outputs: [dx], attrs },
  [gradient, taps],
  precision,
) => {
  const [height, width, channels, multiplier] = filter.shape;
  const outputs = channels * multiplier;
  const sums = new Float64Array(sizeOf(dx.shape));
  forEachTap(dx.shape, dy.shape, windowOf(attrs, [height, width]), (pixel, tap, target) => {
    for (let at = 0; at < outputs; at++) {
      const to = target * channels + Math.floor(at / multiplier);
      const weight = taps[tap * outputs + at];
      addScaled(sums, to, weight, gradient, pixel * outputs + at, 1, precision);
    }
  });
  return sums;
};

/** Averages count elements of the image only. */
const avgPool: PrimitiveEvaluator = (
  { inputs: [x], outputs: [out], attrs },
  [pixels],
  precision,
) => {
  const channels = x.shape[3];
  const sums = new Float64Array(sizeOf(out.shape));
  const counts = new Float64Array(sums.length / channels);
  const window = windowOf(attrs, attrs.filterSize as number[]);
  forEachTap(x.shape, out.shape, window, (pixel, _tap, source) => {
    counts[pixel]++;
    addScaled(sums, pixel * channels, 1, pixels, source * channels, channels, precision);
  });
  return sums.map((sum, i) =>
    precision.round('RealDiv', [], sum / counts[Math.floor(i / channels)]),
  );
};

export const windows: Readonly<Record<string, PrimitiveEvaluator>> = {
  Conv2D: conv2d,
  DepthwiseConv2dNative: (node, inputs, precision) =>
    depthwiseOf(node, node.outputs[0].shape, inputs, precision),
  Conv2DBackpropInput: conv2dTranspose,
  MaxPool: maxPool,
  AvgPool: avgPool,
  MaxPoolPositions: maxPoolPositions,
  MaxPoolGrad: maxPoolGrad,
  AvgPoolGrad: avgPoolGrad,
  DepthwiseConv2dNativeBackpropInput: depthwiseGrad,
};
