/** Shapes of what rewrite rules make of several primitives. */
import { sameShape, sizeOf, type Value } from '../graph';
import type { InferManyTable, InferTable } from './table';
import { recurrenceOf } from '../recurrence';
import { demand } from './refused';
import { broadcastsTo, formatShape } from './shape';
import { windowInference } from './window';

function demandFloats(values: readonly Value[]): void {
  demand(
    values.every(({ dtype }) => dtype === 'float32'),
    () => 'rows and weights must be float32',
  );
}

/** Sizes of an attention: dimensions in front, and those of its queries, keys and values. */
function attention(inputs: readonly Value[]) {
  const [query, key, value, ...masks] = inputs;
  const rank = query.shape.length;
  const batch = query.shape.slice(0, -2);
  const [queries, size] = query.shape.slice(-2);
  const [keys] = key.shape.slice(-2);
  demand(
    inputs.slice(0, 3).every(({ dtype }) => dtype === 'float32'),
    () => 'queries, keys and values must be float32',
  );
  demand(
    [key, value].every(
      ({ shape }) => shape.length === rank && broadcastsTo(shape.slice(0, -2), batch),
    ) &&
      key.shape[rank - 1] === size &&
      value.shape[rank - 2] === keys,
    () =>
      `queries ${formatShape(query.shape)}, keys ${formatShape(key.shape)} and values ` +
      `${formatShape(value.shape)} do not fit`,
  );
  const scores = [...batch, queries, keys];
  for (const { shape } of masks) {
    demand(
      broadcastsTo(shape, scores),
      () => `mask ${formatShape(shape)} for scores ${formatShape(scores)}`,
    );
  }
  return { batch, queries, keys, width: value.shape[rank - 1] };
}

/** Kernels that rewrite rules make of several primitives; no front end asks for them. */
export const compositeInference: InferTable = {
  Normalize: ([x, epsilon]) => {
    demand(x.dtype === 'float32', () => `x is ${x.dtype}; needs float32`);
    demand(sizeOf(epsilon.shape) === 1, () => `epsilon is ${formatShape(epsilon.shape)}`);
    return { shape: x.shape, dtype: 'float32' };
  },
  Attention: (inputs) => {
    const { batch, queries, width } = attention(inputs);
    return { shape: [...batch, queries, width], dtype: 'float32' };
  },
  // Sums as whole vectors, and one vector with their maximum and their weight.
  AttentionPart: (inputs, { keysPerPart }) => {
    const { batch, queries, keys, width } = attention(inputs);
    const parts = Math.ceil(keys / (keysPerPart as number));
    return { shape: [...batch, parts, queries, 4 * Math.ceil(width / 4) + 4], dtype: 'float32' };
  },
  AttentionMerge: ([{ shape }], { width }) => ({
    shape: [...shape.slice(0, -3), shape[shape.length - 2], width as number],
    dtype: 'float32',
  }),
  GatedMatMul: ([x, a, b], attrs) => {
    demandFloats([x, a, b]);
    const [depth, columns] = attrs.transposeB ? [...a.shape].reverse() : a.shape;
    demand(
      x.shape[1] === depth && sameShape(a.shape, b.shape),
      () => 'rows and weights do not fit',
    );
    return { shape: [x.shape[0], columns], dtype: 'float32' };
  },
  DenseChain: ([x, ...others], { activations }) => {
    const weights = others.slice(0, (activations as readonly unknown[]).length + 1);
    demandFloats([x, ...weights]);
    const widths = [x, ...weights].map(({ shape }) => shape[1]);
    demand(
      weights.every(({ shape }, i) => shape[0] === widths[i]),
      () => 'rows and weights do not fit',
    );
    return { shape: [x.shape[0], widths[weights.length]], dtype: 'float32' };
  },
  DepthwisePointwise: ([x, filter, weights], attrs) => {
    demandFloats([x, filter, weights]);
    const { shape } = windowInference.DepthwiseConv2dNative([x, filter], attrs, undefined);
    const [channels, columns] = weights.shape;
    demand(shape[3] === channels, () => 'pixels and weights do not fit');
    return { shape: [...shape.slice(0, 3), columns], dtype: 'float32' };
  },
};

/** Those of several outputs. */
export const compositesInference: InferManyTable = {
  RecurrentMatMul: ([x, weights], attrs) => {
    demandFloats([x, weights]);
    const gates = attrs.gates as number;
    const [depth, columns] = attrs.transposeB ? [...weights.shape].reverse() : weights.shape;
    demand(
      x.shape[1] === depth && columns % gates === 0,
      () => `rows and weights of ${gates} gates do not fit`,
    );
    const shape = [x.shape[0], columns / gates];
    return Array.from({ length: gates }, () => ({ shape, dtype: 'float32' as const }));
  },
  Recurrence: (inputs, attrs) => {
    const { states, weights, steps, results } = recurrenceOf(inputs, attrs);
    demandFloats([...states, ...weights]);
    const [{ shape }] = states;
    demand(
      states.every((state) => sameShape(state.shape, shape)),
      () => 'states differ in shape',
    );
    const [rows, units] = shape;
    return results.map(() => ({ shape: [steps * rows, units], dtype: 'float32' as const }));
  },
};
