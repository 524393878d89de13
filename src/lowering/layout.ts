/** Images whose channels come first: the primitives know NHWC only. */
import type { GraphBuilder } from '../ir/builder';
import type { Value } from '../ir/graph';
import { refuse } from '../ir/infer/refused';

/** tfjs's names of layouts; NHWC if absent. */
export type DataFormat = string | undefined;

export function isChannelsFirst(format: DataFormat): boolean {
  if (format === undefined || format === 'NHWC') return false;
  return format === 'NCHW' || refuse(`its data format is ${format}`);
}

export function toNhwc(b: GraphBuilder, image: Value, format: DataFormat): Value {
  return isChannelsFirst(format) ? b.transpose(image, [0, 2, 3, 1]) : image;
}

export function fromNhwc(b: GraphBuilder, image: Value, format: DataFormat): Value {
  return isChannelsFirst(format) ? b.transpose(image, [0, 3, 1, 2]) : image;
}
