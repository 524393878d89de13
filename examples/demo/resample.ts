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

/** Resizes a picture by averaging, which is what photographs need that get much smaller. */
export function fitPicture(picture: Picture, size: InputSize): Fitted {
  const { width, height, low, high, letterbox } = size;
  let [scaleX, scaleY] = [picture.width / width, picture.height / height];
  if (letterbox) scaleX = scaleY = Math.max(scaleX, scaleY);
  const left = (width - picture.width / scaleX) / 2;
  const top = (height - picture.height / scaleY) / 2;
  const toPicture = (x: number, y: number): [number, number] => [
    (x - left) * scaleX,
    (y - top) * scaleY,
  ];
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
