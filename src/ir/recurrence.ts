/** A recurrence as one node: what each step makes of states, of its rows of sequences, and of operands. */
import type { Expr } from './expression';
import type { Attrs, Value } from './graph';

/** A vector that a step reads, as an input of its expressions: columns from `begin` on of one of its sources. */
export interface StepSlot {
  readonly source: 'state' | 'product' | 'sequence' | 'operand';
  readonly index: number;
  readonly begin: number;
}

/** A product of a step, whose rows are an expression of what was there before. */
export interface StepProduct {
  readonly operand: Expr;
  readonly transposeB: boolean;
}

export interface RecurrenceAttrs {
  readonly steps: number;
  /** How many of the inputs are sequences: the rows of one step after the other. */
  readonly sequences: number;
  /** What the inputs of all expressions stand for. */
  readonly slots: readonly StepSlot[];
  /** In the order in which they are computed. */
  readonly products: readonly StepProduct[];
  /** What becomes of each state. */
  readonly next: readonly Expr[];
  /** What the node answers of each step, an output each. */
  readonly results: readonly Expr[];
}

export interface Recurrence extends RecurrenceAttrs {
  /** States before the first step, [rows, units] each. */
  readonly states: readonly Value[];
  /** A matrix for each product. */
  readonly weights: readonly Value[];
  readonly sequenceValues: readonly Value[];
  /** [rows or 1, columns]. */
  readonly operands: readonly Value[];
}

export function recurrenceOf(inputs: readonly Value[], attributes: Attrs): Recurrence {
  const attrs = attributes as unknown as RecurrenceAttrs;
  const counts = [attrs.next.length, attrs.products.length, attrs.sequences, Infinity];
  let at = 0;
  const [states, weights, sequenceValues, operands] = counts.map((count) =>
    inputs.slice(at, (at += count)),
  );
  return { ...attrs, states, weights, sequenceValues, operands };
}

/** Columns of a product of a step. */
export function columnsOf({ products, weights }: Recurrence, product: number): number {
  return weights[product].shape[products[product].transposeB ? 0 : 1];
}

/** Columns of what a slot is part of. */
export function sourceColumns(recurrence: Recurrence, { source, index }: StepSlot): number {
  switch (source) {
    case 'state':
      return recurrence.states[index].shape[1];
    case 'product':
      return columnsOf(recurrence, index);
    case 'sequence':
      return recurrence.sequenceValues[index].shape[1];
    case 'operand':
      return recurrence.operands[index].shape[1];
  }
}
