/**
 * Gradients of resizes. A resize of given sizes is known while compiling: which pixels each one is made of, and with
 * which weights. So each pixel of the image gathers what it has given to, rows and columns by themselves.
 */
import type { GraphBuilder } from '../ir/builder';
import type { Value } from '../ir/graph';
import { demand } from '../ir/infer/refused';
import { demandRank, formatShape } from '../ir/infer/shape';
import { lowering } from './lowering';

interface ResizeGradientAttrs {
  /** tfjs passes half-pixel centres to neither of these gradients. */
  readonly alignCorners?: boolean;
}

/** A pixel of an axis that another one is made of, and its weight. */
interface ResizeSource {
  readonly at: number;
  readonly weight: number;
}

/** What pixel `position` (a fraction) of an axis of `length` is made of. */
type Sampler = (position: number, length: number, alignCorners: boolean) => readonly ResizeSource[];

const bilinear: Sampler = (position, length) => {
  const low = Math.floor(position);
  const high = Math.min(Math.ceil(position), length - 1);
  const share = position - low;
  return low === high
    ? [{ at: low, weight: 1 }]
    : [
        { at: low, weight: 1 - share },
        { at: high, weight: share },
      ];
};

const nearest: Sampler = (position, length, alignCorners) => {
  const round = alignCorners ? Math.round : Math.floor;
  return [{ at: Math.min(length - 1, round(position)), weight: 1 }];
};

/** No pixel: gathering from here gives zero. */
const NOWHERE: ResizeSource = { at: -1, weight: 0 };

/** Of each of `length` pixels of an axis, the `count` of `resized` pixels that are made of it: [length, terms]. */
function receivers(
  length: number,
  resized: number,
  alignCorners: boolean,
  sample: Sampler,
): readonly (readonly ResizeSource[])[] {
  // tfjs's own arithmetic, in doubles.
  const align = alignCorners && resized > 1;
  const scale = align ? (length - 1) / (resized - 1) : length / resized;
  const found = Array.from({ length }, (): ResizeSource[] => []);
  for (let at = 0; at < resized; at++) {
    for (const source of sample(at * scale, length, alignCorners)) {
      found[source.at].push({ at, weight: source.weight });
    }
  }
  const terms = Math.max(...found.map((list) => list.length));
  return found.map((list) => Array.from({ length: terms }, (_, i) => list[i] ?? NOWHERE));
}

/** Takes, along `axis`, the pixels that each one has given to: [length, terms] in the place of the axis. */
function gatherReceivers(
  b: GraphBuilder,
  dy: Value,
  axis: number,
  found: readonly (readonly ResizeSource[])[],
): { readonly taken: Value; readonly weights: Value | null } {
  const shape = [found.length, found[0].length];
  const sources = found.flat();
  const indices = b.hostConstant(shape, 'int32', sources.map(({ at }) => at)); // prettier-ignore
  const taken = b.op('GatherV2', [dy, indices], { axis, batchDims: 0 });
  // What is nowhere is zero already.
  if (sources.every(({ at, weight }) => at < 0 || weight === 1)) return { taken, weights: null };
  const weights = b.hostConstant(shape, 'float32', sources.map(({ weight }) => weight)); // prettier-ignore
  return { taken, weights };
}

function resizeGradient(
  b: GraphBuilder,
  images: Value,
  dy: Value,
  { alignCorners = false }: ResizeGradientAttrs,
  sample: Sampler,
): Value {
  demandRank(images, 4, 'images');
  demandRank(dy, 4, 'gradient');
  const [batch, height, width, channels] = images.shape;
  demand(
    dy.dtype === 'float32' && dy.shape[0] === batch && dy.shape[3] === channels,
    () => `gradient ${dy.dtype} ${formatShape(dy.shape)}`,
  );
  const rows = receivers(height, dy.shape[1], alignCorners, sample);
  const columns = receivers(width, dy.shape[2], alignCorners, sample);
  const byRow = gatherReceivers(b, dy, 1, rows);
  // Batch, rows and their terms, columns and theirs, channels.
  const byColumn = gatherReceivers(b, byRow.taken, 3, columns);
  let terms = byColumn.taken;
  if (byRow.weights) {
    const weights = b.reshape(byRow.weights, [1, height, rows[0].length, 1, 1, 1]);
    terms = b.op('Multiply', [terms, weights]);
  }
  if (byColumn.weights) {
    const weights = b.reshape(byColumn.weights, [1, 1, 1, width, columns[0].length, 1]);
    terms = b.op('Multiply', [terms, weights]);
  }
  return b.op('Sum', [terms], { axes: [2, 4], keepDims: false });
}

const gradientOf = (sample: Sampler) =>
  lowering(['images', 'dy'], (b, [images, dy], attrs: ResizeGradientAttrs) =>
    resizeGradient(b, images, dy, attrs, sample),
  );

export const resizeGradientLowerings = {
  ResizeBilinearGrad: gradientOf(bilinear),
  ResizeNearestNeighborGrad: gradientOf(nearest),
};
