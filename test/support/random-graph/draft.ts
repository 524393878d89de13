/** A random graph while it grows: what exists, what is known of it, and the numbers that decide. */
import { GraphBuilder } from '../../../src/ir/builder';
import { sizeOf, type DType, type Shape, type Value } from '../../../src/ir/graph';
import { seededNumbers } from '../small-graph-model';

/** A value with bounds on its elements: how large, and how far off an implementation may be. */
export interface Tracked {
  readonly value: Value;
  readonly magnitude: number;
  /** Absolute; 0 where every correct implementation gets the same. */
  readonly error: number;
}

/** Relative error of one rounding to float32. */
export const UNIT = 2 ** -24;

/** Values stay smaller than this: below 2^24, integers held in float32 are exact in any order. */
const MAX_MAGNITUDE = 2 ** 22;
const MAX_ELEMENTS = 1500;

export class Draft {
  readonly b = new GraphBuilder();
  readonly values: Tracked[] = [];
  private picks: readonly number[] = [];
  private next = 0;
  private seed = 1;

  /** With `exact`, all elements are integers and all results exact. */
  constructor(readonly exact: boolean) {}

  /** Numbers that the coming step decides by. */
  begin(picks: readonly number[]): void {
    this.picks = picks;
    this.next = 0;
  }

  /** The next number below `count`. */
  pick(count: number): number {
    return (this.picks[this.next++] ?? 0) % count;
  }

  pickFrom<T>(options: readonly T[]): T {
    return options[this.pick(options.length)];
  }

  flag(): boolean {
    return this.pick(2) === 1;
  }

  /** One of the values that fit, mostly one of the latest; null if none does. */
  choose(fits: (tracked: Tracked) => boolean = () => true): Tracked | null {
    const fitting = this.values.filter(fits).reverse();
    if (fitting.length === 0) return null;
    return this.pickFrom(this.pick(4) === 3 ? fitting : fitting.slice(0, 2));
  }

  /** Values that nothing reads, the latest first. */
  leaves(): Tracked[] {
    const read = new Set(this.b.graph.nodes.flatMap((node) => node.inputs));
    return this.values.filter(({ value }) => !read.has(value)).reverse();
  }

  input(shape: Shape, dtype: DType): void {
    const magnitude = inputMagnitude(dtype, this.exact);
    this.values.push({ value: this.b.input({ shape, dtype }), magnitude, error: 0 });
  }

  /** A constant: integers from -2 to 2 where all is exact, else numbers between -1 and 1. */
  constant(shape: Shape, dtype: DType = 'float32'): Tracked {
    const numbers = seededNumbers(this.seed++, sizeOf(shape));
    const whole = this.exact || dtype !== 'float32';
    const magnitude = dtype === 'bool' ? 1 : whole ? 2 : 1;
    const values = numbers.map((x) =>
      dtype === 'bool' ? Number(x > 0) : whole ? Math.round(x * 2) : x,
    );
    return { value: this.b.hostConstant(shape, dtype, values), magnitude, error: 0 };
  }

  /** Accepts a result unless it is too large, or so inexact that comparing it says little. */
  accept(value: Value, magnitude: number, error: number): Tracked | null {
    if (sizeOf(value.shape) > MAX_ELEMENTS || magnitude > MAX_MAGNITUDE) return null;
    if (error > 1e-3 * Math.max(magnitude, 1e-3)) return null;
    return { value, magnitude, error };
  }

  /** A result whose elements are some of those of `x`. */
  moved(x: Tracked, value: Value, constant = 0): Tracked | null {
    return this.accept(value, Math.max(x.magnitude, Math.abs(constant)), x.error);
  }
}

/** Bound on the elements of graph inputs, see {@link randomInput}. */
function inputMagnitude(dtype: DType, exact: boolean): number {
  if (dtype === 'bool') return 1;
  return exact || dtype === 'int32' ? 3 : 1;
}

/** Elements of a graph input: whole numbers for exact graphs and integers. */
export function randomInput({ shape, dtype }: Value, exact: boolean, seed: number): Float32Array {
  const limit = inputMagnitude(dtype, exact);
  return seededNumbers(seed, sizeOf(shape)).map((x) => {
    if (dtype === 'bool') return Number(x > 0);
    return exact || dtype === 'int32' ? Math.round(x * limit) : x;
  });
}

/** Adds a step to a draft, or answers null where it does not fit what is there. */
export type Family = (draft: Draft) => Tracked | null;
