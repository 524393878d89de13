/** Attention, whole and in parts of the keys. */
import type { Expr } from '../../ir/expression';
import { sizeOf, type Node, type Shape } from '../../ir/graph';
import { compileExpression } from './elementwise';
import type { Doubles, PrimitiveEvaluator } from './evaluator';
import { broadcastPositions, broadcastStrides, positionsUnder } from './indexing';
import type { Precision } from './precision';
import { exponentials, sumOf } from './reduction';

/** The scores and values of one query. */
interface Row {
  /** Its number among all queries of all batches. */
  readonly index: number;
  readonly scores: Doubles;
  /** Component `column` of the value of key `key`. */
  value(key: number, column: number): number;
}

/** Calls `visit` with every query of an attention. */
function forEachQuery(
  node: Node,
  [q, k, v, ...masks]: readonly Doubles[],
  precision: Precision,
  visit: (row: Row) => void,
): void {
  const [query, key, value] = node.inputs;
  const batch = query.shape.slice(0, -2);
  const [queries, depth] = query.shape.slice(-2);
  const keys = key.shape[key.shape.length - 2];
  const width = value.shape[value.shape.length - 1];
  const starts = (shape: Shape): Int32Array =>
    positionsUnder(batch, broadcastStrides(shape.slice(0, -2), batch));
  const [startsK, startsV] = [starts(key.shape), starts(value.shape)];
  const shape = [...batch, queries, keys];
  const maskPositions = node.inputs.slice(3).map((mask) => broadcastPositions(mask.shape, shape));
  const score = compileExpression(node.attrs.score as Expr, precision);
  const count = sizeOf(batch) * queries;
  for (let index = 0; index < count; index++) {
    const at = Math.floor(index / queries);
    const startK = startsK[at] * keys * depth;
    const scores = new Float64Array(keys);
    for (let j = 0; j < keys; j++) {
      const term = (d: number): number => q[index * depth + d] * k[startK + j * depth + d];
      const product = sumOf(depth, term, precision);
      const flat = index * keys + j;
      scores[j] = score((slot) =>
        slot === 0 ? product : masks[slot - 1][maskPositions[slot - 1]?.[flat] ?? flat],
      );
    }
    const startV = startsV[at] * keys * width;
    visit({ index, scores, value: (j, column) => v[startV + j * width + column] });
  }
}

const attention: PrimitiveEvaluator = (node, inputs, precision) => {
  const { shape } = node.outputs[0];
  const width = shape[shape.length - 1];
  const result = new Float64Array(sizeOf(shape));
  forEachQuery(node, inputs, precision, ({ index, scores, value }) => {
    const { powers, total } = exponentials(scores, precision);
    for (let column = 0; column < width; column++) {
      const sum = sumOf(powers.length, (j) => powers[j] * value(j, column), precision);
      result[index * width + column] = precision.round('RealDiv', [], sum / total);
    }
  });
  return result;
};

/** Sums by weight, the highest score, and the sum of the weights: see `ir/primitives.md`. */
const attentionPart: PrimitiveEvaluator = (node, inputs, precision) => {
  const { shape } = node.outputs[0];
  const [parts, queries, length] = shape.slice(-3);
  const width = node.inputs[2].shape[node.inputs[2].shape.length - 1];
  const keysPerPart = node.attrs.keysPerPart as number;
  const result = new Float64Array(sizeOf(shape));
  forEachQuery(node, inputs, precision, ({ index, scores, value }) => {
    const [batch, query] = [Math.floor(index / queries), index % queries];
    for (let part = 0; part < parts; part++) {
      const first = part * keysPerPart;
      const { top, powers, total } = exponentials(
        scores.slice(first, first + keysPerPart),
        precision,
      );
      const to = ((batch * parts + part) * queries + query) * length;
      for (let column = 0; column < width; column++) {
        const term = (j: number): number => powers[j] * value(first + j, column);
        result[to + column] = sumOf(powers.length, term, precision);
      }
      result[to + length - 4] = top;
      result[to + length - 3] = total;
    }
  });
  return result;
};

const attentionMerge: PrimitiveEvaluator = (
  { inputs: [{ shape }], outputs: [out] },
  [x],
  precision,
) => {
  const [parts, queries, length] = shape.slice(-3);
  const width = out.shape[out.shape.length - 1];
  const result = new Float64Array(sizeOf(out.shape));
  for (let index = 0; index < result.length / width; index++) {
    const [batch, query] = [Math.floor(index / queries), index % queries];
    const at = (part: number): number => ((batch * parts + part) * queries + query) * length;
    const tops = Float64Array.from({ length: parts }, (_, part) => x[at(part) + length - 4]);
    const { powers } = exponentials(tops, precision);
    const total = sumOf(parts, (part) => powers[part] * x[at(part) + length - 3], precision);
    for (let column = 0; column < width; column++) {
      const sum = sumOf(parts, (part) => powers[part] * x[at(part) + column], precision);
      result[index * width + column] = precision.round('RealDiv', [], sum / total);
    }
  }
  return result;
};

export const attentions: Readonly<Record<string, PrimitiveEvaluator>> = {
  Attention: attention,
  AttentionPart: attentionPart,
  AttentionMerge: attentionMerge,
};
