/** Recurrent cells of tfjs's layers and others, unrolled as graphs. */
import type { GraphBuilder } from '../../src/ir/builder';
import type { Value } from '../../src/ir/graph';

/** Weights of a cell, and what a step makes of its input and its states, the first of which is its output. */
export interface RecurrentCell {
  readonly gates: number;
  readonly states: number;
  /** Where its products are of several matrices, which columns each has, in gates. */
  readonly matrices?: readonly (readonly [from: number, to: number])[];
  step(b: GraphBuilder, x: Value, states: readonly Value[], weights: CellWeights): Value[];
}

export interface CellWeights {
  /** [units, gates · units], or the matrices that it is divided into. */
  readonly recurrent: readonly Value[];
  /** [gates · units]. */
  readonly bias: Value;
}

const plain = { transposeA: false, transposeB: false };

const product = (b: GraphBuilder, x: Value, w: Value): Value => b.op('BatchMatMul', [x, w], plain);

/** Columns of a matrix that is divided into parts of equal width. */
export function parts(b: GraphBuilder, x: Value, width: number): Value[] {
  const [rows, columns] = x.shape;
  return Array.from({ length: columns / width }, (_, at) =>
    b.slice(x, [0, at * width], [rows, width]),
  );
}

const unitsOf = ([{ shape }]: readonly Value[]): number => shape[1];

/** kept · before + (1 − kept) · proposed. */
function blend(b: GraphBuilder, kept: Value, before: Value, proposed: Value): Value {
  const rest = b.op('Sub', [b.scalar(1), kept]);
  return b.op('Add', [b.op('Multiply', [kept, before]), b.op('Multiply', [rest, proposed])]);
}

export const CELLS: Readonly<Record<string, RecurrentCell>> = {
  'simple RNN': {
    gates: 1,
    states: 1,
    step(b, x, [h], { recurrent: [recurrent], bias }) {
      const own = b.op('Add', [x, bias]);
      return [b.op('Tanh', [b.op('Add', [own, product(b, h, recurrent)])])];
    },
  },
  LSTM: {
    gates: 4,
    states: 2,
    step(b, x, [h, c], { recurrent: [recurrent], bias }) {
      const all = b.op('Add', [b.op('Add', [x, product(b, h, recurrent)]), bias]);
      const [i, f, g, o] = parts(b, all, unitsOf([h]));
      const sigmoid = (value: Value): Value => b.op('Sigmoid', [value]);
      const kept = b.op('Multiply', [sigmoid(f), c]);
      const state = b.op('Add', [kept, b.op('Multiply', [sigmoid(i), b.op('Tanh', [g])])]);
      return [b.op('Multiply', [sigmoid(o), b.op('Tanh', [state])]), state];
    },
  },
  // As tfjs's layer has it: the state goes through the reset gate before its product.
  GRU: {
    gates: 3,
    states: 1,
    matrices: [
      [0, 2],
      [2, 3],
    ],
    step(b, x, [h], { recurrent: [ofGates, ofProposal], bias }) {
      const units = unitsOf([h]);
      const own = b.op('Add', [x, bias]);
      const [z, r, proposal] = parts(b, own, units);
      const [forZ, forR] = parts(b, product(b, h, ofGates), units);
      const kept = b.op('Sigmoid', [b.op('Add', [z, forZ])]);
      const reset = b.op('Sigmoid', [b.op('Add', [r, forR])]);
      const second = product(b, b.op('Multiply', [reset, h]), ofProposal);
      return [blend(b, kept, h, b.op('Tanh', [b.op('Add', [proposal, second])]))];
    },
  },
  'GRU, reset after': {
    gates: 3,
    states: 1,
    step(b, x, [h], { recurrent: [recurrent], bias }) {
      const units = unitsOf([h]);
      const [z, r, proposal] = parts(b, x, units);
      const inner = b.op('Add', [product(b, h, recurrent), bias]);
      const [forZ, forR, forProposal] = parts(b, inner, units);
      const kept = b.op('Sigmoid', [b.op('Add', [z, forZ])]);
      const reset = b.op('Sigmoid', [b.op('Add', [r, forR])]);
      const scaled = b.op('Multiply', [reset, forProposal]);
      return [blend(b, kept, h, b.op('Tanh', [b.op('Add', [proposal, scaled])]))];
    },
  },
};

export interface UnrolledSizes {
  readonly steps: number;
  readonly rows: number;
  readonly units: number;
  readonly depth: number;
}

/** The outputs of all steps, and the states after the last. */
export function unroll(
  b: GraphBuilder,
  { gates, states: count, matrices = [[0, gates]], step }: RecurrentCell,
  { steps, rows, units, depth }: UnrolledSizes,
): { outputs: Value[]; states: Value[] } {
  const input = (...shape: number[]): Value => b.input({ shape, dtype: 'float32' });
  const x = input(steps, rows, depth);
  const kernel = input(depth, gates * units);
  const all = input(units, gates * units);
  const recurrent = matrices.map(([from, to]) =>
    b.slice(all, [0, from * units], [units, (to - from) * units]),
  );
  const weights = { recurrent, bias: input(gates * units) };
  let states = Array.from({ length: count }, () => input(rows, units));
  const outputs: Value[] = [];
  for (let at = 0; at < steps; at++) {
    const row = b.reshape(b.slice(x, [at, 0, 0], [1, rows, depth]), [rows, depth]);
    states = step(b, product(b, row, kernel), states, weights);
    outputs.push(states[0]);
  }
  return { outputs, states };
}
