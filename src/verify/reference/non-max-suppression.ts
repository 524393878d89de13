/** Non-maximum suppression as tfjs defines it: box by box, a score lowered when its box would be the next. */
import type { NonMaxSuppressionAttrs } from '../../ir/infer/non-max-suppression';
import type { Doubles, PrimitiveEvaluator } from './evaluator';
import type { Precision } from './precision';

interface RankedBox {
  readonly index: number;
  score: number;
  /** How many of the selected boxes its score accounts for. */
  seen: number;
}

/** Corners in any order: the first, the last, and the area. NaN where a coordinate is. */
function boxAt(boxes: Doubles, index: number) {
  const [y, x, y2, x2] = boxes.subarray(4 * index, 4 * index + 4);
  const begin = [Math.min(y, y2), Math.min(x, x2)];
  const end = [Math.max(y, y2), Math.max(x, x2)];
  return { begin, end, area: (end[0] - begin[0]) * (end[1] - begin[1]) };
}

/** What two boxes share, as a part of what both cover; nothing where one has no area. */
function overlap(boxes: Doubles, a: number, b: number, { round }: Precision): number {
  const [p, q] = [boxAt(boxes, a), boxAt(boxes, b)];
  if (p.area <= 0 || q.area <= 0) return 0;
  const sides = [0, 1].map((axis) => {
    const side = Math.min(p.end[axis], q.end[axis]) - Math.max(p.begin[axis], q.begin[axis]);
    return Math.max(side, 0);
  });
  const shared = sides[0] * sides[1];
  const covered = p.area + q.area - shared;
  return round('RealDiv', [shared, covered], shared / covered);
}

export const nonMaxSuppression: PrimitiveEvaluator = ({ attrs }, [boxes, scores], precision) => {
  const options = attrs as unknown as NonMaxSuppressionAttrs;
  const { maxOutputSize, iouThreshold, scoreThreshold, softNmsSigma } = options;
  const waiting = Array.from(scores, (score, index): RankedBox => ({ index, score, seen: 0 }));
  const line = new Set(waiting.filter(({ score }) => score > scoreThreshold));
  const indices = new Float64Array(maxOutputSize).fill(-1);
  const kept = new Float64Array(maxOutputSize);
  let selected = 0;
  /** The score of a box once all that is selected counts, or NaN if it is out. */
  const lowered = ({ index, score, seen }: RankedBox): number => {
    let left = score;
    for (let at = selected - 1; at >= seen; at--) {
      const iou = overlap(boxes, index, indices[at], precision);
      if (iou >= iouThreshold) return NaN;
      const exponent = softNmsSigma > 0 ? (-0.5 / softNmsSigma) * iou * iou : 0;
      const weight = iou <= iouThreshold ? Math.exp(exponent) : 0;
      left = precision.round('Multiply', [left, weight], left * weight);
      if (left <= scoreThreshold) return NaN;
    }
    return left;
  };
  while (selected < maxOutputSize && line.size > 0) {
    let next: RankedBox | undefined;
    // By index, as a set keeps its order: the first of equal ones.
    for (const candidate of line) if (!next || candidate.score > next.score) next = candidate;
    const best = next as RankedBox;
    const left = lowered(best);
    if (left === best.score) {
      indices[selected] = best.index;
      kept[selected++] = left;
      line.delete(best);
    } else if (left > scoreThreshold) {
      best.score = left;
      best.seen = selected;
    } else {
      line.delete(best);
    }
  }
  return [indices, kept, Float64Array.of(selected)];
};
