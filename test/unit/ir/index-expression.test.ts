import fc from 'fast-check';
import { sizeOf, stridesOf } from '../../../src/ir/graph';
import * as ix from '../../../src/ir/index-expression';
import { fuzz } from '../../support/fuzz';
import { movementChain, type MovementStep } from './movement-chain';

const a = ix.variable('a', 6);
const b = ix.variable('b', 4);
const i = ix.variable('i', 24);

describe('simplification', () => {
  const cases: [string, ix.IndexExpr, string][] = [
    ['terms of one atom are merged', ix.add(ix.scale(a, 2), a), '3*a'],
    ['terms that cancel are gone', ix.subtract(ix.add(a, b), a), 'b'],
    ['a variable of extent 1 is 0', ix.variable('one', 1), '0'],
    ['a multiple divides exactly', ix.floorDiv(ix.scale(a, 8), 4), '2*a'],
    ['what is below the divisor is dropped', ix.floorDiv(ix.add(ix.scale(a, 4), b), 4), 'a'],
    ['… and is all that modulo leaves', ix.mod(ix.add(ix.scale(a, 4), b), 4), 'b'],
    ['modulo of a small range is the range', ix.mod(a, 6), 'a'],
    ['a division of a division is one', ix.floorDiv(ix.floorDiv(i, 2), 3), '(i/6)'],
    ['a common factor is cancelled', ix.floorDiv(ix.scale(i, 2), 6), '(i/3)'],
    ['… under modulo, too', ix.mod(ix.add(ix.scale(i, 4), b), 12), '(4*(i%3)+b)'],
    [
      'quotient and remainder make the whole',
      ix.add(ix.scale(ix.floorDiv(i, 6), 6), ix.mod(i, 6)),
      'i',
    ],
    [
      '… also one level down',
      ix.add(ix.scale(ix.mod(ix.floorDiv(i, 2), 3), 2), ix.mod(i, 2)),
      '(i%6)',
    ],
    ['constants are computed, downwards', ix.floorDiv(ix.constant(-7), 4), '-2'],
    ['… and to a remainder that is not negative', ix.mod(ix.constant(-7), 4), '1'],
  ];
  test.each(cases)('%s', (_name, expr, key) => expect(expr.key).toBe(key));

  test('a reshape back and forth leaves no trace', () => {
    const coords = [a, b];
    const there = ix.delinearize(ix.linearize(coords, [6, 4]), [3, 2, 2, 2]);
    const back = ix.delinearize(ix.linearize(there, [3, 2, 2, 2]), [6, 4]);
    expect(back.map((coord) => coord.key)).toEqual(['a', 'b']);
  });

  test('a call is known by name and arguments', () => {
    const payload = {};
    const one = ix.call('pick', [ix.floorDiv(i, 4)], payload, 9);
    expect(ix.subtract(one, ix.call('pick', [ix.floorDiv(i, 4)], payload, 9)).key).toBe('0');
    const moved = ix.substitute(one, new Map([['i', ix.scale(a, 4)]]));
    expect(moved.key).toBe('pick(a)');
    expect(ix.variablesOf(moved)).toEqual(new Set(['a']));
    expect(ix.evaluate(moved, { a: 3 }, (_atom, [x]) => x * 2)).toBe(6);
  });

  test('an unbound variable is named', () => {
    expect(() => ix.evaluate(a, {})).toThrow('index variable a is unbound');
  });
});

/** Division as WGSL does it: towards zero. */
function evaluateTruncating(expr: ix.IndexExpr, env: Env): number {
  let sum = expr.offset;
  for (const { coefficient, atom } of expr.terms) {
    if (atom.kind === 'variable') sum += coefficient * env[atom.name];
    else if (atom.kind === 'div') {
      sum += coefficient * Math.trunc(evaluateTruncating(atom.x, env) / atom.by);
    } else if (atom.kind === 'mod') {
      sum += coefficient * (evaluateTruncating(atom.x, env) % atom.by);
    }
  }
  return sum;
}

const small = fc.integer({ min: -9, max: 9 });
const positive = fc.integer({ min: 1, max: 12 });

type Env = Record<string, number>;
type Computed = readonly [symbolic: ix.IndexExpr, numeric: (env: Env) => number];

/** An expression over `a`, `b`, `i` and the same computed with numbers. */
const expressions = fc.letrec<{ tree: Computed }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom(a, b, i).map((v): Computed => [v, (env: Env) => env[v.key]]),
    small.map((n): Computed => [ix.constant(n), () => n]),
    fc
      .tuple(tie('tree'), tie('tree'))
      .map(([[x, f], [y, g]]): Computed => [ix.add(x, y), (env: Env) => f(env) + g(env)]),
    fc
      .tuple(tie('tree'), small)
      .map(([[x, f], n]): Computed => [ix.scale(x, n), (env: Env) => f(env) * n]),
    fc
      .tuple(tie('tree'), positive)
      .map(([[x, f], n]): Computed => [ix.floorDiv(x, n), (env: Env) => Math.floor(f(env) / n)]),
    fc
      .tuple(tie('tree'), positive)
      .map(([[x, f], n]): Computed => [ix.mod(x, n), (env: Env) => ((f(env) % n) + n) % n]),
  ),
})).tree;

describe('random expressions', () => {
  const environments = fc.record({
    a: fc.integer({ min: 0, max: 5 }),
    b: fc.integer({ min: 0, max: 3 }),
    i: fc.integer({ min: 0, max: 23 }),
  });

  test('mean what they say, inside their bounds, also where division truncates', () => {
    fc.assert(
      fc.property(expressions, environments, ([expr, f], env) => {
        const expected = f(env);
        expect(ix.evaluate(expr, env) - expected).toBe(0);
        expect(evaluateTruncating(expr, env) - expected).toBe(0);
        expect(expected).toBeGreaterThanOrEqual(expr.min);
        expect(expected).toBeLessThanOrEqual(expr.max);
      }),
      fuzz(3000),
    );
  });

  test('a claimed multiple is one', () => {
    fc.assert(
      fc.property(expressions, environments, positive, ([expr], env, by) => {
        if (ix.isMultipleOf(expr, by)) expect(Math.abs(ix.evaluate(expr, env) % by)).toBe(0);
      }),
      fuzz(300),
    );
  });
});

test('expressions that differ in sizes have their terms in one order', () => {
  const primes = [3, 7, 11, 13, 101];
  const orderIn = (shape: readonly number[]): string => {
    const coords = ix.delinearize(ix.variable('thread', sizeOf(shape)), shape);
    const { terms } = ix.linearize(coords, [5, 1000, 200, 300]);
    return terms.map(({ coefficient }) => coefficient).join();
  };
  const shapes = primes.flatMap((h) => primes.map((w) => [2, h, w, 5]));
  expect(new Set(shapes.map(orderIn)).size).toBe(1);
});

describe('random reshapes, transposes and slices', () => {
  const allCoords = (shape: readonly number[]): number[][] =>
    Array.from({ length: sizeOf(shape) }, (_, flat) =>
      stridesOf(shape).map((stride, axis) => Math.floor(flat / stride) % shape[axis]),
    );

  test('the symbolic source of each element is the numeric one', () => {
    fc.assert(
      fc.property(movementChain, ({ shape, steps }) => {
        const last = steps.at(-1)?.shape ?? shape;
        const names = last.map((dim, axis) => ix.variable(`x${axis}`, dim));
        const symbolic = stepsBack(names, steps);
        const offset = ix.linearize(symbolic, shape);
        for (const coords of allCoords(last)) {
          const env = Object.fromEntries(coords.map((c, axis) => [`x${axis}`, c]));
          const constants = stepsBack(coords.map(ix.constant), steps);
          const expected = ix.evaluate(ix.linearize(constants, shape), {});
          expect(evaluateTruncating(offset, env)).toBe(expected);
        }
      }),
      fuzz(300),
    );
  });

  function stepsBack(coords: readonly ix.IndexExpr[], steps: readonly MovementStep[]) {
    return steps.reduceRight((at, step) => step.source(at), [...coords]);
  }
});
