/** Boxes cut out of images, and resized: loads at places that are computed, as a gather of pixels. */
import type { GraphBuilder } from '../ir/builder';
import type { Value } from '../ir/graph';
import { demand } from '../ir/infer/refused';
import { demandRank, formatShape } from '../ir/infer/shape';
import { lowering } from './lowering';

interface CropAttrs {
  readonly cropSize: readonly [height: number, width: number];
  readonly method?: string;
  readonly extrapolationValue?: number;
}

/** Where the rows, or columns, of crops lie in the image: [boxes, count], in pixels. */
function placesOf(b: GraphBuilder, from: Value, to: Value, extent: number, count: number): Value {
  const last = b.scalar(extent - 1);
  if (count === 1) {
    const middle = b.op('Multiply', [b.scalar(0.5), b.op('Add', [from, to])]);
    return b.op('Multiply', [middle, last]);
  }
  const length = b.op('Multiply', [b.op('Sub', [to, from]), last]);
  const step = b.op('RealDiv', [length, b.scalar(count - 1)]);
  const steps = b.hostConstant([1, count], 'float32', [...new Array(count).keys()]);
  const start = b.op('Multiply', [from, last]);
  return b.op('Add', [start, b.op('Multiply', [steps, step])]);
}

/** Whether `places` are outside of `extent` pixels. */
function isOutside(b: GraphBuilder, places: Value, extent: number): Value {
  const before = b.op('Less', [places, b.scalar(0)]);
  return b.op('LogicalOr', [before, b.op('Greater', [places, b.scalar(extent - 1)])]);
}

/**
 * A box of an image that is not there has zeros, as on `cpu`; what is outside of its image is the value to
 * extrapolate with.
 */
function cropAndResize(
  b: GraphBuilder,
  [image, boxes, boxInd]: readonly [Value, Value, Value],
  { cropSize, method = 'bilinear', extrapolationValue = 0 }: CropAttrs,
): Value {
  demandRank(image, 4, 'image');
  const [batch, height, width, channels] = image.shape;
  const count = boxInd.shape[0];
  demand(
    boxes.shape.length === 2 && boxes.shape[0] === count && boxes.shape[1] === 4,
    () => `boxes ${formatShape(boxes.shape)} for ${count} images`,
  );
  const [rows, columns] = cropSize;
  const corner = (at: number): Value => b.slice(boxes, [0, at], [count, 1]);
  // Of each box, rows by columns by channels.
  const spread = (value: Value, axis: 1 | 2): Value =>
    b.reshape(value, axis === 1 ? [count, rows, 1, 1] : [count, 1, columns, 1]);
  const y = spread(placesOf(b, corner(0), corner(2), height, rows), 1);
  const x = spread(placesOf(b, corner(1), corner(3), width, columns), 2);

  const pixels = b.reshape(b.cast(image, 'float32'), [batch * height * width, channels]);
  const first = b.reshape(b.cast(boxInd, 'int32'), [count, 1, 1, 1]);
  const at = (row: Value, column: Value): Value => {
    const ofImage = b.op('Multiply', [first, b.scalar(height, 'int32')]);
    const line = b.op('Add', [ofImage, b.cast(row, 'int32')]);
    const start = b.op('Multiply', [line, b.scalar(width, 'int32')]);
    const flat = b.op('Add', [start, b.cast(column, 'int32')]);
    const indices = b.reshape(flat, [count, rows, columns]);
    return b.op('GatherV2', [pixels, indices], { axis: 0, batchDims: 0 });
  };
  const between = (from: Value, to: Value, share: Value): Value =>
    b.op('Add', [from, b.op('Multiply', [b.op('Sub', [to, from]), share])]);

  let crop: Value;
  if (method === 'nearest') {
    const nearest = (place: Value): Value => b.op('Floor', [b.op('Add', [place, b.scalar(0.5)])]);
    crop = at(nearest(y), nearest(x));
  } else {
    const [top, left] = [y, x].map((place) => b.op('Floor', [place]));
    const [bottom, right] = [y, x].map((place) => b.op('Ceil', [place]));
    const [down, across] = [b.op('Sub', [y, top]), b.op('Sub', [x, left])];
    const above = between(at(top, left), at(top, right), across);
    const below = between(at(bottom, left), at(bottom, right), across);
    crop = between(above, below, down);
  }
  const outside = b.op('LogicalOr', [isOutside(b, y, height), isOutside(b, x, width)]);
  const missing = b.op('LogicalOr', [
    b.op('Less', [first, b.scalar(0, 'int32')]),
    b.op('GreaterEqual', [first, b.scalar(batch, 'int32')]),
  ]);
  const inside = b.op('Select', [outside, b.scalar(extrapolationValue), crop]);
  return b.op('Select', [missing, b.scalar(0), inside]);
}

export const cropLowerings = {
  CropAndResize: lowering(
    ['image', 'boxes', 'boxInd'],
    (b, [image, boxes, boxInd], attrs: CropAttrs) =>
      cropAndResize(b, [image, boxes, boxInd], attrs),
  ),
};
