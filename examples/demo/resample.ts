/** Brings a picture to the size and range that a model wants. */
import type { Picture } from './photos';

/** How a picture was fitted, to find the way back from the model's pixels to the picture's. */
export interface Fitted {
  values: Float32Array;
  /** Where a point of the model's input lies in the picture. */
  toPicture(x: number, y: number): [x: number, y: number];
}

/** The input that a model wants. */
export interface InputSize {
  width: number;
  height: number;
  /** Of the values: 0 becomes `low`, 255 becomes `high`. */
  low: number;
  high: number;
  /** Keep the proportions and fill up with black, instead of stretching. */
  letterbox?: boolean;
}

/** Where a picture lies in a model's input, in pixels of the input. */
export interface Placement extends Pick<Fitted, 'toPicture'> {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Places a picture in a model's input: stretched over all of it, or in its middle. */
export function placePicture(
  picture: Pick<Picture, 'width' | 'height'>,
  { width, height, letterbox }: InputSize,
): Placement {
  let [scaleX, scaleY] = [picture.width / width, picture.height / height];
  if (letterbox) scaleX = scaleY = Math.max(scaleX, scaleY);
  const [wide, high] = [picture.width / scaleX, picture.height / scaleY];
  const [left, top] = [(width - wide) / 2, (height - high) / 2];
  return {
    ...{ left, top, width: wide, height: high },
    toPicture: (x, y) => [(x - left) * scaleX, (y - top) * scaleY],
  };
}

/** Resizes a picture by averaging, which is what photographs need that get much smaller. */
export function fitPicture(picture: Picture, size: InputSize): Fitted {
  const { width, height, low, high } = size;
  const { toPicture } = placePicture(picture, size);
  const values = new Float32Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const color = averageColor(picture, toPicture(x, y), toPicture(x + 1, y + 1));
      values.set(
        color.map((value) => low + ((high - low) * value) / 255),
        (y * width + x) * 3,
      );
    }
  }
  return { values, toPicture };
}

/** The mean color of a rectangle; black outside the picture. */
function averageColor(
  { width, height, rgb }: Picture,
  [left, top]: [number, number],
  [right, bottom]: [number, number],
): [number, number, number] {
  const fromX = Math.floor(left);
  const fromY = Math.floor(top);
  const toX = Math.max(fromX + 1, Math.floor(right));
  const toY = Math.max(fromY + 1, Math.floor(bottom));
  const sum: [number, number, number] = [0, 0, 0];
  for (let y = Math.max(0, fromY); y < Math.min(height, toY); y++) {
    for (let x = Math.max(0, fromX); x < Math.min(width, toX); x++) {
      const index = (y * width + x) * 3;
      for (let channel = 0; channel < 3; channel++) sum[channel] += rgb[index + channel];
    }
  }
  const area = (toX - fromX) * (toY - fromY);
  return [sum[0] / area, sum[1] / area, sum[2] / area];
}
