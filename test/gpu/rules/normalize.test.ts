import { compilePlan } from '../../../src/compiler/compile';
import type { GraphBuilder } from '../../../src/ir/builder';
import type { Shape, Value } from '../../../src/ir/graph';
import {
  buildGraph,
  checkFused,
  labelsOf,
  runPlan,
  targetNamed,
  ADAPTERS,
  type TargetName,
} from '../../support/differential';

const tensor = (b: GraphBuilder, shape: Shape) => b.input({ shape, dtype: 'float32' });

/** (x − mean) · rsqrt(mean((x − mean)²) + ε) */
function normalize(
  b: GraphBuilder,
  x: Value,
  axes: number[],
  epsilon: Value = b.scalar(1e-5),
): Value {
  const attrs = { axes, keepDims: true };
  const centered = b.op('Sub', [x, b.op('Mean', [x], attrs)]);
  const variance = b.op('Mean', [b.op('Square', [centered])], attrs);
  const inverse = b.op('Rsqrt', [b.op('Add', [variance, epsilon])]);
  return b.op('Multiply', [centered, inverse]);
}

function rms(b: GraphBuilder, x: Value): Value {
  const attrs = { axes: [x.shape.length - 1], keepDims: true };
  const power = b.op('Mean', [b.op('Square', [x])], attrs);
  return b.op('Multiply', [x, b.op('Rsqrt', [b.op('Add', [power, b.scalar(1e-6)])])]);
}

describe('sizes', () => {
  test.each<[string, Shape, number[]]>([
    ['the last axis', [3, 8], [1]],
    ['an odd length', [5, 7], [1]],
    ['a row for a workgroup', [2, 3, 256], [2]],
    ['a row that is no multiple of the workgroup', [2, 3, 300], [2]],
    ['a row beyond the registers', [2, 2400], [1]],
    ['an odd row beyond the registers', [3, 701], [1]],
    ['several axes', [2, 3, 4, 5], [1, 2, 3]],
    ['an instance', [2, 5, 6, 8], [1, 2]],
    ['a large instance', [2, 16, 16, 4], [1, 2]],
    ['groups of channels', [2, 4, 4, 3, 4], [1, 2, 4]],
    ['one row', [64], [0]],
  ])('%s', async (_name, shape, axes) => {
    const plan = await checkFused((b) => normalize(b, tensor(b, shape), axes), {
      tolerance: 'transcendental',
      targets: ADAPTERS,
    });
    expect(labelsOf(plan)).toEqual(['Normalize']);
  });

  test('root mean square', async () => {
    const plan = await checkFused((b) => rms(b, tensor(b, [2, 3, 256])), {
      tolerance: 'transcendental',
      targets: ADAPTERS,
    });
    expect(labelsOf(plan)).toEqual(['Normalize']);
  });

  test.each<[string, Shape, number[], Shape]>([
    ['rows', [5, 7], [1], []],
    ['a row for a workgroup', [2, 3, 256], [2], [1]],
    ['an instance', [2, 5, 6, 8], [1, 2], [1, 1, 1, 1]],
  ])('an epsilon that is computed: %s', async (_name, shape, axes, ofEpsilon) => {
    const plan = await checkFused(
      (b) => normalize(b, tensor(b, shape), axes, b.op('Square', [tensor(b, ofEpsilon)])),
      { tolerance: 'transcendental', targets: ADAPTERS },
    );
    expect(labelsOf(plan)).toEqual(['Square → Normalize']);
  });

  test.each<[string, Shape, number[]]>([
    ['rows', [5, 7], [1]],
    ['an instance', [2, 5, 6, 8], [1, 2]],
  ])('an l2 norm with an epsilon that is fed: %s', async (_name, shape, axes) => {
    const plan = await checkFused(
      (b) => {
        const x = tensor(b, shape);
        const sum = b.op('Sum', [b.op('Square', [x])], { axes, keepDims: true });
        return b.op('RealDiv', [x, b.op('Sqrt', [b.op('Maximum', [sum, tensor(b, [])])])]);
      },
      { tolerance: 'transcendental', inputs: [undefined, [1.5]] },
    );
    expect(labelsOf(plan)).toEqual(['Normalize']);
  });

  test('the sum before it is an output too', async () => {
    const plan = await checkFused(
      (b) => {
        const sum = b.op('Add', [tensor(b, [4, 128]), tensor(b, [4, 128])]);
        return [sum, b.op('Relu', [normalize(b, sum, [1])])];
      },
      { tolerance: 'transcendental' },
    );
    expect(labelsOf(plan).length).toBeLessThanOrEqual(2);
  });
});

describe('hard rows', () => {
  const wave = (length: number, at: (i: number) => number) =>
    Array.from({ length }, (_, i) => Math.fround(at(i)));

  /** Largest error against float64, of values that are around 1. */
  async function errorOf(row: number[], name: TargetName, epsilon = 1e-5): Promise<number> {
    const graph = buildGraph((b) =>
      normalize(b, tensor(b, [1, row.length]), [1], b.scalar(epsilon)),
    );
    const [actual] = await runPlan(compilePlan(graph, await targetNamed(name), 'row'), [row]);
    const mean = row.reduce((sum, x) => sum + x, 0) / row.length;
    const variance = row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / row.length;
    const expected = row.map((x) => (x - mean) / Math.sqrt(variance + epsilon));
    return Math.max(...expected.map((y, i) => Math.abs(y - actual[i])));
  }

  test.each(['software', 'gpu'] as const)('equal values become 0 (%s)', async (target) => {
    for (const value of [1e-6, 0.1, 1, 12345.678, 1e6]) {
      expect(
        await errorOf(
          wave(96, () => value),
          target,
        ),
      ).toBe(0);
    }
  });

  test.each(['software', 'gpu'] as const)('any magnitude (%s)', async (target) => {
    for (const magnitude of [1e-6, 1e-3, 1, 1e3, 1e6]) {
      const row = wave(256, (i) => magnitude * Math.sin(i));
      expect(await errorOf(row, target)).toBeLessThan(2e-6);
    }
  });

  test.each(['software', 'gpu'] as const)(
    'little variance on a large mean (%s)',
    async (target) => {
      const row = wave(256, (i) => 1000 + Math.sin(i) / 100);
      expect(await errorOf(row, target)).toBeLessThan(1e-5);
    },
  );

  test('NaN and infinities stay in their rows', () =>
    checkFused((b) => normalize(b, tensor(b, [3, 4]), [1]), {
      tolerance: 'transcendental',
      inputs: [[NaN, 1, 2, 3, 1, 2, 3, 4, Infinity, 0, 0, 0]],
    }));
});
