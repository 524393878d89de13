/** The largest elements of rows, and their positions: what `TopK` makes of shapes. */
import type { InferManyFunction } from './table';
import { demand } from './refused';

/** Elements that a workgroup can sort: 8 bytes each, of the 16 KiB that every device has. */
export const MAX_SORTED = 2048;

export interface TopKAttrs {
  /** How many elements of each part. */
  readonly k: number;
  /** Elements of a part of the last axis; the last part may have fewer, but `k` at least. */
  readonly partLength: number;
}

/** Values and indices, the largest first, part by part. With `indices`, these are what is meant by positions. */
export const topK: InferManyFunction = ([x, indices], attrs) => {
  const { k, partLength } = attrs as unknown as TopKAttrs;
  const columns = x.shape[x.shape.length - 1];
  const parts = Math.ceil(columns / partLength);
  const shortest = columns - (parts - 1) * partLength;
  demand(k > 0 && k <= shortest, () => `${k} of ${shortest} elements`);
  if (indices) demand(indices.dtype === 'int32', () => `indices are ${indices.dtype}`);
  const shape = [...x.shape.slice(0, -1), parts * k];
  return [
    { shape, dtype: x.dtype },
    { shape, dtype: 'int32' },
  ];
};
