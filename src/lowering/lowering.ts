/**
 * The form in which a tfjs kernel is said in primitives: a function of builder, operands and attributes, with
 * the names that tfjs gives the operands. Attributes are tfjs's own, as plain numbers, strings and arrays.
 */
import type { GraphBuilder } from '../ir/builder';
import type { Shape, Value } from '../ir/graph';
import { refuse } from '../ir/infer/refused';

/** Operands in the order of a kernel's `inputs`; undefined where an optional one is absent. */
export type Operands = readonly (Value | undefined)[];

/** The output of a kernel, or all of several. */
export type Lowered = Value | readonly Value[];

/**
 * Outputs whose length depends on values: the lowering gives them as long as they can be, and behind all
 * outputs how many elements of their first axis are meant, an int32 scalar.
 */
export interface Counted {
  /** How many of the first outputs these are. */
  readonly outputs: number;
  /** Whether the count is an output of the kernel, too. */
  readonly keepsCount: boolean;
}

/** A tfjs kernel in primitives. `A`: its attributes. */
export interface Lowering<A = object, R extends Lowered = Lowered> {
  /** tfjs's names of the operands; absent where tfjs passes an array of them. */
  readonly inputs?: readonly string[];
  /** tfjs expects an array of outputs, of one element too. */
  readonly hasManyOutputs?: boolean;
  /** Which outputs have a length that depends on values; null, or absent, where none has. */
  counted?(attrs: A): Counted | null;
  /**
   * Adds an invocation to the graph of `b`.
   *
   * @throws RefusedError where the invocation has no form in the IR; then tfjs is to run it.
   */
  lower(b: GraphBuilder, operands: Operands, attrs: A): R;
}

/** Lowerings by the name of the tfjs kernel. */
export type LoweringTable = Readonly<Record<string, Lowering>>;

/** Attributes of kernels that work along one axis; counted from the end if negative. */
export interface AxisAttrs {
  readonly axis: number;
}

/** What a lowering gets for names of which those that end in `?` may be absent. */
type OperandsOf<N extends readonly string[]> = {
  readonly [K in keyof N]: N[K] extends `${string}?` ? Value | undefined : Value;
};

/** Makes a lowering of named operands; a name that ends in `?` is that of an optional one. */
export function lowering<const N extends readonly string[], R extends Lowered, A = object>(
  names: N,
  lower: (b: GraphBuilder, operands: OperandsOf<N>, attrs: A) => R,
): Lowering<A, R> {
  const needed = names.map((name) => !name.endsWith('?'));
  return {
    inputs: names.map((name) => name.replace('?', '')),
    lower(b, operands, attrs) {
      needed.forEach((must, at) => {
        if (must && !operands[at]) refuse(`input ${at} is missing`);
      });
      return lower(b, operands as OperandsOf<N>, attrs);
    },
  };
}

/** Makes a lowering of any number of operands, at least one. */
export function variadic<R extends Lowered, A = object>(
  lower: (b: GraphBuilder, operands: readonly Value[], attrs: A) => R,
): Lowering<A, R> {
  return {
    lower(b, operands, attrs) {
      if (operands.length === 0 || operands.includes(undefined)) refuse('an input is missing');
      return lower(b, operands as readonly Value[], attrs);
    },
  };
}

/** `[1, 1, …dims]`: the shape with as many leading ones as make it of rank `rank`. */
export function alignRank(shape: Shape, rank: number): number[] {
  return [...new Array<number>(Math.max(0, rank - shape.length)).fill(1), ...shape];
}
