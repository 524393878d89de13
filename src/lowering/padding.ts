/** What windows add around an image, as tfjs counts it. */
import type { Shape, Value } from '../ir/graph';
import type { Padding2D, WindowAttrs } from '../ir/infer/window';
import { demand, refuse } from '../ir/infer/refused';
import { isChannelsFirst, type DataFormat } from './layout';
import type { Paddings } from './movement';

/** Rows and columns; one number stands for both. */
export type Extent = number | readonly number[];

/** Attributes that tfjs's convolutions and pools share. */
export interface PaddedAttrs {
  readonly strides: Extent;
  /** 1 if absent. */
  readonly dilations?: Extent | null;
  /** Its number of rows and columns on all sides, or pairs for the axes of the image's own layout. */
  readonly pad: string | number | Paddings;
  readonly dimRoundingMode?: string | null;
  readonly dataFormat?: DataFormat;
}

type Pair = [height: number, width: number];

export function pairOf(extent: Extent): Pair {
  return typeof extent === 'number' ? [extent, extent] : [extent[0], extent[1]];
}

/** Rows or columns of `same`: as many windows as strides fit, the smaller half in front. */
function samePadding(length: number, reach: number, stride: number): Pair {
  const whole = Math.max(0, (Math.ceil(length / stride) - 1) * stride + reach - length);
  const before = Math.floor(whole / 2);
  return [before, whole - before];
}

function paddingOf(attrs: PaddedAttrs, plane: Pair, reach: Pair, strides: Pair): Padding2D {
  const { pad } = attrs;
  const sides = (rows: readonly number[], columns: readonly number[]): Padding2D => {
    const [top, bottom, left, right] = [...rows, ...columns];
    return { top, bottom, left, right };
  };
  if (pad === 'valid') return sides([0, 0], [0, 0]);
  if (pad === 'same') {
    const [rows, columns] = [0, 1].map((at) => samePadding(plane[at], reach[at], strides[at]));
    return sides(rows, columns);
  }
  if (typeof pad === 'number') return sides([pad, pad], [pad, pad]);
  if (typeof pad === 'string') return refuse(`padding is ${pad}`);
  const axis = isChannelsFirst(attrs.dataFormat) ? 2 : 1;
  return sides(pad[axis], pad[axis + 1]);
}

const ROUNDINGS: Readonly<Record<string, (size: number) => number>> = {
  floor: Math.floor,
  round: Math.round,
  ceil: Math.ceil,
};

/** A window as the primitives take it. */
export interface Window extends WindowAttrs {
  /** Refuses `y`, an NHWC image, unless it is of the size that tfjs gives it. */
  checkSize(y: Value): void;
}

/**
 * A window of `size` taps over an NHWC image.
 *
 * @throws RefusedError for strides and dilations below 1.
 */
export function windowOf(image: Shape, size: Pair, attrs: PaddedAttrs): Window {
  const [strides, dilations] = [pairOf(attrs.strides), pairOf(attrs.dilations ?? 1)];
  demand(
    [...strides, ...dilations].every((step) => Number.isInteger(step) && step >= 1),
    () => `strides ${strides} and dilations ${dilations}; needs 1 or more`,
  );
  const reach: Pair = [(size[0] - 1) * dilations[0] + 1, (size[1] - 1) * dilations[1] + 1];
  const pad = paddingOf(attrs, [image[1], image[2]], reach, strides);
  demand(Object.values(pad).every(Number.isInteger), () => 'padding is no whole number');
  return {
    strides,
    dilations,
    pad,
    checkSize({ shape }) {
      if (typeof attrs.pad === 'string') return;
      const round =
        ROUNDINGS[attrs.dimRoundingMode ?? 'floor'] ?? refuse('its rounding is unknown');
      // For one number of rows and columns, tfjs takes every window for a square.
      const width = typeof attrs.pad === 'number' ? reach[0] : reach[1];
      const rows = round((image[1] - reach[0] + pad.top + pad.bottom) / strides[0]) + 1;
      const columns = round((image[2] - width + pad.left + pad.right) / strides[1]) + 1;
      demand(
        shape[1] === rows && shape[2] === columns,
        () => `tfjs gives it ${rows} × ${columns} pixels, by rounding or for a square window`,
      );
    },
  };
}
