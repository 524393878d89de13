/** Normalisation, softmax and attention written out, which rules are to recognise. */
import { sizeOf, type Value } from '../../../src/ir/graph';
import { UNIT, type Draft, type Family, type Tracked } from './draft';

const isFloat = ({ value }: Tracked) => value.dtype === 'float32';

/** Now and then a piece is a value of its own, which others may read. */
function expose(draft: Draft, value: Value, magnitude: number, error: number): void {
  const tracked = draft.flag() && draft.flag() ? draft.accept(value, magnitude, error) : null;
  if (tracked) draft.values.push(tracked);
}

/**
 * `(x − mean) / √(var + ε)`, or without the mean. ε is a tenth of the largest square, so that
 * roundings of the variance count little: with u the error of an element and M its bound, that of
 * the result is at most u/√ε + M · ½ ε^(−3/2) · (error of the variance).
 */
const normalization: Family = (draft) => {
  const { b } = draft;
  const x = draft.choose((v) => isFloat(v) && v.value.shape.length > 0);
  if (!x || x.magnitude < 1e-3) return null;
  const rank = x.value.shape.length;
  const axes = rank > 1 && draft.flag() ? [draft.pick(rank - 1), rank - 1] : [rank - 1];
  const count = sizeOf(axes.map((axis) => x.value.shape[axis]));
  const attrs = { axes, keepDims: true };
  const form = draft.pickFrom(['centred', 'moments', 'rms']);
  const rounding = (count + 4) * UNIT;
  const meanError = x.error + rounding * x.magnitude;
  let d = x.value;
  let square = b.op('Square', [x.value]);
  if (form !== 'rms') {
    const mean = b.op('Mean', [x.value], attrs);
    expose(draft, mean, x.magnitude, meanError);
    d = b.op('Sub', [x.value, mean]);
    square = form === 'moments' ? b.op('SquaredDifference', [x.value, mean]) : b.op('Square', [d]);
  }
  const bound = form === 'rms' ? x.magnitude : 2 * x.magnitude;
  const error = form === 'rms' ? x.error : x.error + meanError + UNIT * bound;
  const epsilon = Math.fround(0.1 * bound * bound);
  const variance = b.op('Mean', [square], attrs);
  const varianceError = 2 * bound * error + error ** 2 + rounding * bound * bound;
  expose(draft, variance, bound * bound, varianceError);
  // An operand of the graph may be added to ε: it need not be a constant.
  const more = draft.choose((v) => isFloat(v) && v.error === 0 && sizeOf(v.value.shape) === 1);
  const least =
    more && more.value.shape.length <= rank
      ? b.op('Add', [b.op('Abs', [more.value]), b.scalar(epsilon)])
      : b.scalar(epsilon);
  const inverse = b.op('Rsqrt', [b.op('Add', [variance, least])]);
  const result = b.op('Multiply', [d, inverse]);
  const most = bound / Math.sqrt(epsilon);
  const own = error / Math.sqrt(epsilon) + (bound / 2) * epsilon ** -1.5 * varianceError;
  return draft.accept(result, most, own + 8 * UNIT * most);
};

function softmaxOf(draft: Draft, x: Value, axis: number): Value {
  const { b } = draft;
  const attrs = { axes: [axis], keepDims: true };
  const powers = b.op('Exp', [b.op('Sub', [x, b.op('Max', [x], attrs)])]);
  return b.op('RealDiv', [powers, b.op('Sum', [powers], attrs)]);
}

/** Error of a softmax of `count` elements that are off by `error`. */
function softmaxError(count: number, magnitude: number, error: number): number {
  return 2 * error + (8 + 8 * magnitude + count) * UNIT;
}

/** Softmax in pieces, along the last axis mostly. */
const softmax: Family = (draft) => {
  const x = draft.choose((v) => isFloat(v) && v.value.shape.length > 0);
  if (!x) return null;
  const rank = x.value.shape.length;
  const axis = draft.pick(3) === 0 ? draft.pick(rank) : rank - 1;
  const result = softmaxOf(draft, x.value, axis);
  return draft.accept(result, 1, softmaxError(x.value.shape[axis], x.magnitude, x.error));
};

/** Scores stay below this, so that an exponential says something of each. */
const MAX_SCORE = 8;

/** softmax(scale · x · kᵀ + mask) · v, k being x or a constant. */
const attention: Family = (draft) => {
  const { b } = draft;
  const x = draft.choose((v) => isFloat(v) && v.value.shape.length >= 2);
  if (!x || x.magnitude < 1e-3) return null;
  const { shape } = x.value;
  const [batch, head] = [shape.slice(0, -2), shape[shape.length - 1]];
  const isSelf = draft.flag();
  const keys = isSelf ? shape[shape.length - 2] : draft.pickFrom([1, 5, 8]);
  const key = isSelf ? x : draft.constant([...batch, keys, head]);
  const value = draft.constant([...batch, keys, draft.pickFrom([1, 4, 6])]);
  const [transposed, plain] = [true, false].map((transposeB) => ({
    transposeA: false,
    transposeB,
  }));
  const product = head * x.magnitude * key.magnitude;
  const factor = Math.fround(Math.min(1, MAX_SCORE / product));
  const scores = b.op('BatchMatMul', [x.value, key.value], transposed);
  const scaled = b.op('Multiply', [scores, b.scalar(factor)]);
  const each = x.magnitude * key.error + key.magnitude * x.error + x.error * key.error;
  const scoreError = factor * head * (each + UNIT * product) + 4 * UNIT * MAX_SCORE;
  const isMasked = draft.flag();
  const mask = isMasked ? draft.constant([keys]) : null;
  const masked = mask ? b.op('Add', [scaled, mask.value]) : scaled;
  const weights = draft.flag()
    ? b.op('Softmax', [masked])
    : softmaxOf(draft, masked, masked.shape.length - 1);
  const weightError = softmaxError(keys, MAX_SCORE + 1, scoreError);
  expose(draft, weights, 1, weightError);
  const result = b.op('BatchMatMul', [weights, value.value], plain);
  const { magnitude } = value;
  return draft.accept(result, magnitude, keys * magnitude * (weightError + 4 * UNIT));
};

/** What rules make one kernel of. */
export const composites: readonly Family[] = [normalization, softmax, attention];
