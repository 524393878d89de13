/** Products of matrices, and the composites that rules make of them. */
import type { Expr } from '../../ir/expression';
import { sizeOf, type Node, type Shape } from '../../ir/graph';
import { windowInference } from '../../ir/infer/window';
import { recurrenceOf, sourceColumns, type StepSlot } from '../../ir/recurrence';
import { compileExpression } from './elementwise';
import type { Doubles, PrimitiveEvaluator } from './evaluator';
import { broadcastPositions, broadcastStrides, positionsUnder } from './indexing';
import type { Precision } from './precision';
import { depthwiseOf } from './window';

/** A matrix among others: where it begins, and how its elements are laid out. */
interface Matrix {
  readonly elements: Doubles;
  readonly start: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** Row-major, or its transpose. */
function matrix(elements: Doubles, start: number, [, columns]: Shape, transposed: boolean): Matrix {
  return transposed
    ? { elements, start, rowStride: 1, columnStride: columns }
    : { elements, start, rowStride: columns, columnStride: 1 };
}

/** Writes a · b, of `rows` · `depth` · `columns`, to `to`. */
export function multiply(
  a: Matrix,
  b: Matrix,
  [rows, depth, columns]: readonly [number, number, number],
  to: Doubles,
  start: number,
  { isSingle }: Precision,
  isInteger = false,
): void {
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < depth; k++) {
      const x = a.elements[a.start + i * a.rowStride + k * a.columnStride];
      let from = b.start + k * b.rowStride;
      for (let at = start + i * columns; at < start + (i + 1) * columns; at++) {
        const y = b.elements[from];
        from += b.columnStride;
        if (isInteger) to[at] = (to[at] + Math.imul(x, y)) | 0;
        else to[at] = isSingle ? Math.fround(to[at] + x * y) : to[at] + x * y;
      }
    }
  }
}

/** With `parts`, all of the sum is the first part: how kernels divide it is theirs to know. */
const batchMatMul: PrimitiveEvaluator = (
  { inputs: [a, b], outputs: [out], attrs },
  [x, y],
  precision,
) => {
  const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
  const [sizesA, sizesB] = [a.shape.slice(-2), b.shape.slice(-2)];
  const rows = sizesA[transposeA ? 1 : 0];
  const depth = sizesA[transposeA ? 0 : 1];
  const columns = sizesB[transposeB ? 0 : 1];
  const batch = out.shape.slice(attrs.parts === undefined ? 0 : 1, -2);
  const starts = (shape: Shape): Int32Array =>
    positionsUnder(batch, broadcastStrides(shape.slice(0, -2), batch));
  const [startsA, startsB] = [starts(a.shape), starts(b.shape)];
  const result = new Float64Array(sizeOf(out.shape));
  for (let i = 0; i < startsA.length; i++) {
    multiply(
      matrix(x, startsA[i] * sizeOf(sizesA), sizesA, transposeA),
      matrix(y, startsB[i] * sizeOf(sizesB), sizesB, transposeB),
      [rows, depth, columns],
      result,
      i * rows * columns,
      precision,
      a.dtype !== 'float32',
    );
  }
  return result;
};

/** Rows times weights [depth, columns], or their transpose. */
function dense(
  x: Doubles,
  weights: Doubles,
  shape: Shape,
  transposed: boolean,
  precision: Precision,
) {
  const [depth, columns] = transposed ? [...shape].reverse() : shape;
  const rows = x.length / depth;
  const result = new Float64Array(rows * columns);
  multiply(
    matrix(x, 0, [rows, depth], false),
    matrix(weights, 0, shape, transposed),
    [rows, depth, columns],
    result,
    0,
    precision,
  );
  return result;
}

/**
 * Applies an expression to elements of `shape`: its first slots are `sums`, the others operands that
 * broadcast to `shape`.
 */
function activate(
  expr: Expr,
  sums: readonly Doubles[],
  shape: Shape,
  operands: readonly { readonly shape: Shape; readonly elements: Doubles }[],
  precision: Precision,
): Doubles {
  const run = compileExpression(expr, precision);
  // A chain's expression mentions only those operands that fit its layer.
  const positions = operands.map((operand) =>
    isBroadcastable(operand.shape, shape) ? broadcastPositions(operand.shape, shape) : undefined,
  );
  return sums[0].map((_, i) =>
    run((slot) => {
      if (slot < sums.length) return sums[slot][i];
      const which = slot - sums.length;
      return operands[which].elements[positions[which]?.[i] ?? i];
    }),
  );
}

const isBroadcastable = (shape: Shape, over: Shape): boolean =>
  shape.every((dim, i) => dim === 1 || dim === over[over.length - shape.length + i]);

const operandsOf = ({ inputs: values }: Node, inputs: readonly Doubles[], from: number) =>
  values.slice(from).map(({ shape }, i) => ({ shape, elements: inputs[from + i] }));

const gatedMatMul: PrimitiveEvaluator = (node, inputs, precision) => {
  const { inputs: values, outputs, attrs } = node;
  const products = [1, 2].map((i) =>
    dense(inputs[0], inputs[i], values[i].shape, attrs.transposeB as boolean, precision),
  );
  const operands = operandsOf(node, inputs, 3);
  return activate(attrs.combine as Expr, products, outputs[0].shape, operands, precision);
};

/** Columns of one product, a gate after the other. */
const recurrentMatMul: PrimitiveEvaluator = (node, [x, weights], precision) => {
  const { inputs: [, { shape }], outputs, attrs } = node; // prettier-ignore
  const [rows, width] = outputs[0].shape;
  const all = dense(x, weights, shape, attrs.transposeB as boolean, precision);
  const columns = outputs.length * width;
  return outputs.map((_, gate) =>
    Float64Array.from({ length: rows * width }, (_element, at) => {
      const row = Math.floor(at / width);
      return all[row * columns + gate * width + (at % width)];
    }),
  );
};

/** Step by step, each of which computes its products, then its new states and what it answers. */
const recurrence: PrimitiveEvaluator = (node, inputs, precision) => {
  const recurrence = recurrenceOf(node.inputs, node.attrs);
  const { states, weights, products, sequences, slots, next, results, steps } = recurrence;
  const [rows, units] = states[0].shape;
  const first = states.length + weights.length;
  const sources: Record<StepSlot['source'], Doubles[]> = {
    state: inputs.slice(0, states.length),
    product: [],
    sequence: [],
    operand: inputs.slice(first + sequences),
  };
  const evaluate = (expr: Expr, columns: number): Doubles => {
    const run = compileExpression(expr, precision);
    return Float64Array.from({ length: rows * columns }, (_, at) =>
      run((index) => {
        const slot = slots[index];
        const elements = sources[slot.source][slot.index];
        const width = sourceColumns(recurrence, slot);
        const row = elements.length === width ? 0 : Math.floor(at / columns);
        return elements[row * width + (width === 1 ? 0 : slot.begin + (at % columns))];
      }),
    );
  };
  const answers = results.map(() => new Float64Array(steps * rows * units));
  for (let step = 0; step < steps; step++) {
    sources.sequence = inputs.slice(first, first + sequences).map((all) => {
      const part = all.length / steps;
      return all.slice(step * part, (step + 1) * part);
    });
    sources.product = [];
    products.forEach(({ operand, transposeB }, at) => {
      const { shape } = weights[at];
      const x = evaluate(operand, shape[transposeB ? 1 : 0]);
      sources.product.push(dense(x, inputs[states.length + at], shape, transposeB, precision));
    });
    const made = [...next, ...results].map((expr) => evaluate(expr, units));
    sources.state = made.slice(0, states.length);
    answers.forEach((answer, at) => answer.set(made[states.length + at], step * rows * units));
  }
  return answers;
};

const denseChain: PrimitiveEvaluator = (node, inputs, precision) => {
  const activations = node.attrs.activations as readonly Expr[];
  const operands = operandsOf(node, inputs, activations.length + 2);
  let rows = inputs[0];
  for (let layer = 0; layer <= activations.length; layer++) {
    const { shape } = node.inputs[layer + 1];
    rows = dense(rows, inputs[layer + 1], shape, false, precision);
    if (layer === activations.length) break;
    const hidden = [node.inputs[0].shape[0], shape[1]];
    rows = activate(activations[layer], [rows], hidden, operands, precision);
  }
  return rows;
};

const depthwisePointwise: PrimitiveEvaluator = (node, inputs, precision) => {
  const { shape } = windowInference.DepthwiseConv2dNative(node.inputs, node.attrs, undefined);
  const sums = depthwiseOf(node, shape, inputs, precision);
  const pixels = [sizeOf(shape.slice(0, 3)), shape[3]];
  const operands = operandsOf(node, inputs, 3);
  const hidden = activate(node.attrs.activation as Expr, [sums], pixels, operands, precision);
  return dense(hidden, inputs[2], node.inputs[2].shape, false, precision);
};

export const products: Readonly<Record<string, PrimitiveEvaluator>> = {
  BatchMatMul: batchMatMul,
  GatedMatMul: gatedMatMul,
  RecurrentMatMul: recurrentMatMul,
  Recurrence: recurrence,
  DenseChain: denseChain,
  DepthwisePointwise: depthwisePointwise,
};
