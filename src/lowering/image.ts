/** Kernels of images that are no windows: resizes. */
import type { GraphBuilder } from '../ir/builder';
import type { Value } from '../ir/graph';
import { demandRank } from '../ir/infer/shape';
import { lowering } from './lowering';

interface ResizeAttrs {
  readonly size: readonly [height: number, width: number];
  readonly alignCorners?: boolean;
  readonly halfPixelCenters?: boolean;
}

function resize(kernel: string) {
  return lowering(['images'], (b: GraphBuilder, [images], attrs: ResizeAttrs): Value => {
    demandRank(images, 4, 'images');
    const { size, alignCorners = false, halfPixelCenters = false } = attrs;
    const shape = [images.shape[0], ...size, images.shape[3]];
    return b.op(kernel, [images], { alignCorners, halfPixelCenters }, b.origins, shape);
  });
}

export const imageLowerings = {
  ResizeBilinear: resize('ResizeBilinear'),
  ResizeNearestNeighbor: resize('ResizeNearestNeighbor'),
};
