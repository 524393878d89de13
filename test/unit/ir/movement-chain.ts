import fc from 'fast-check';
import { sizeOf, type Shape } from '../../../src/ir/graph';
import * as ix from '../../../src/ir/index-expression';

/** One layout change: the shape after it, and where an element of it comes from. */
export interface MovementStep {
  readonly shape: Shape;
  source(coords: readonly ix.IndexExpr[]): ix.IndexExpr[];
}

/** Shapes of 1 to 5 dimensions that have `size` elements. */
function factorings(size: number): fc.Arbitrary<number[]> {
  return fc.array(fc.nat(), { minLength: 0, maxLength: 4 }).map((picks) => {
    const shape: number[] = [];
    let rest = size;
    for (const pick of picks) {
      const divisors = Array.from({ length: rest }, (_, d) => d + 1).filter((d) => rest % d === 0);
      const dim = divisors[pick % divisors.length];
      shape.push(dim);
      rest /= dim;
    }
    return [...shape, rest];
  });
}

function reshape(from: Shape): fc.Arbitrary<MovementStep> {
  return factorings(sizeOf(from)).map((shape) => ({
    shape,
    source: (coords) => ix.delinearize(ix.linearize(coords, shape), from),
  }));
}

function transpose(from: Shape): fc.Arbitrary<MovementStep> {
  const axes = from.map((_, axis) => axis);
  return fc
    .shuffledSubarray(axes, { minLength: axes.length, maxLength: axes.length })
    .map((perm) => ({
      shape: perm.map((axis) => from[axis]),
      source: (coords) => axes.map((axis) => coords[perm.indexOf(axis)]),
    }));
}

function slice(from: Shape): fc.Arbitrary<MovementStep> {
  const oneAxis = (dim: number) =>
    fc
      .record({
        first: fc.nat(dim - 1),
        last: fc.nat(dim - 1),
        step: fc.integer({ min: 1, max: 3 }),
      })
      .map(({ first, last, step }) => ({
        begin: first,
        stride: last < first ? -step : step,
        size: Math.floor(Math.abs(last - first) / step) + 1,
      }));
  return fc.tuple(...from.map(oneAxis)).map((axes) => ({
    shape: axes.map(({ size }) => size),
    source: (coords) =>
      coords.map((coord, axis) => ix.shift(ix.scale(coord, axes[axis].stride), axes[axis].begin)),
  }));
}

function extend(chain: fc.Arbitrary<Chain>): fc.Arbitrary<Chain> {
  return chain.chain(({ shape, steps }) => {
    const from = steps.at(-1)?.shape ?? shape;
    return fc
      .oneof(reshape(from), transpose(from), slice(from))
      .map((step) => ({ shape, steps: [...steps, step] }));
  });
}

interface Chain {
  readonly shape: Shape;
  readonly steps: readonly MovementStep[];
}

const start = fc
  .array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 })
  .map((shape): Chain => ({ shape, steps: [] }));

/** A tensor shape and a few layout changes, one after another. */
export const movementChain: fc.Arbitrary<Chain> = fc
  .integer({ min: 1, max: 5 })
  .chain((length) => Array.from({ length }).reduce<fc.Arbitrary<Chain>>(extend, start));
