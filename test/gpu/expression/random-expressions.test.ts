import fc from 'fast-check';
import { apply, constant, evaluate, input, scalarOps, type Expr } from '../../../src/ir/expression';
import { numberNodes } from '../../../src/ir/expression/expression';
import { random, randomValues, SPECIAL } from '../../unit/expression/cases';
import {
  buildExpressions,
  CHOICES,
  EXACT,
  INPUT_TYPES,
  steps,
} from '../../unit/expression/random-expression';
import { flushesLargeDivisors } from './large-divisors';
import { requestDevice, runExpression, shaderSource } from './run-expression';
import { isRight, type DeviceTraits } from './tolerance';

let device: GPUDevice;
let traits: DeviceTraits;
beforeAll(async () => {
  device = await requestDevice();
  traits = { flushesLargeDivisors: await flushesLargeDivisors(device) };
});

jest.setTimeout(120_000);

const ROWS = 256;

/** Multiples of 1/8 between -8 and 8, and on request now and then what is not finite. */
function makeColumns(finite: boolean): number[][] {
  const next = random(1);
  const notFinite = [NaN, Infinity, -Infinity];
  return INPUT_TYPES.map((type) =>
    type === 'float32'
      ? Array.from({ length: ROWS }, (_, i) =>
          !finite && i % 8 === 0
            ? notFinite[Math.floor(next() * 3)]
            : Math.round(next() * 128 - 64) / 8,
        )
      : [...SPECIAL[type], ...randomValues(type, ROWS, next)].slice(0, ROWS),
  );
}

/** Whether a condition holds for all float32 values on the way to a result. */
function allFloats(expr: Expr, inputs: readonly number[], holds: (value: number) => boolean) {
  return numberNodes([expr]).nodes.every(
    ({ expr: node }) => node.type !== 'float32' || holds(evaluate(node, inputs)),
  );
}

/** Compares rows for which `isFair` on all float32 values on the way. */
async function compareRandom(ops: typeof EXACT, finite: boolean, isFair: (x: number) => boolean) {
  const columns = makeColumns(finite);
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (grown) => {
      const expr = buildExpressions(grown, ops).at(-1);
      if (!expr) return;
      for (const width of [1, 4] as const) {
        const actual = await runExpression(device, expr, INPUT_TYPES, columns, width);
        actual.forEach((value, row) => {
          const inputs = columns.map((column) => column[row]);
          if (!allFloats(expr, inputs, isFair)) return;
          compared++;
          const expected = evaluate(expr, inputs);
          // NaN is NaN; the sign of a zero is not promised.
          if (value === expected || Object.is(value, expected)) return;
          throw new Error(
            `width ${width}, inputs (${inputs}): ${value}, not ${expected}\n` +
              shaderSource(expr, INPUT_TYPES, width),
          );
        });
      }
    }),
    { numRuns: 150, seed: 1 },
  );
  // The condition must leave something to compare.
  expect(compared).toBeGreaterThan(10_000);
}

describe('the WGSL of random expressions computes what evaluate does', () => {
  test('where nothing rounds', () =>
    // Multiples of 1/64 below 256: then all products and sums are exact, and a compiler that fuses
    // or reorders them, as it may, gets no other result. It may make 1 of x + (1 - x), for any x:
    // NaN and infinities have no place here.
    compareRandom(EXACT, true, (x) => Math.abs(x) < 256 && Number.isInteger(x * 64)));

  test('for NaN and infinities, where there is no arithmetic to simplify', () =>
    compareRandom(CHOICES, false, () => true));
});

describe('a constant beside a variable', () => {
  const CONSTANTS = {
    // Not -0: WGSL does not promise the sign of a zero literal.
    float32: [0, 1, -1, 2, 3, 4, -2, 0.5, 1e-3, 1e30, NaN, Infinity, -Infinity],
    int32: [0, 1, -1, 2, 31, -(2 ** 31), 2 ** 31 - 1],
    bool: [0, 1],
  };
  const BINARY = [...scalarOps.values()].filter(({ arity }) => arity === 2);

  test.each(BINARY.map((op) => [op.kernel, op] as const))('%s', async (kernel, op) => {
    for (const type of ['float32', 'int32', 'bool'] as const) {
      if (op.resultType([type, type], {}) === undefined) continue;
      const values = SPECIAL[type];
      for (const value of CONSTANTS[type]) {
        for (const [a, b] of [
          [input(0, type), constant(value, type)],
          [constant(value, type), input(0, type)],
        ]) {
          // An activation is no constant: its slope of 0 at -1 is folded away with NaN.
          if (kernel === 'EluGrad' && b.kind === 'constant') continue;
          const expr = apply(op, [a, b]);
          const actual = await runExpression(device, expr, [type], [values], 4);
          actual.forEach((result, row) => {
            const args = a.kind === 'constant' ? [value, values[row]] : [values[row], value];
            const both = apply(op, [input(0, type), input(1, type)]);
            if (kernel === 'FloorDiv' && Math.abs(args[0] / args[1]) > 2 ** 53) return;
            if (isRight(both, kernel, args, result, traits)) return;
            throw new Error(
              `${kernel} of (${args}): ${result}, not ${op.evaluate(args, [type, type], {})}`,
            );
          });
        }
      }
    }
  });
});
