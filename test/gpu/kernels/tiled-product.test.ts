/** Products through workgroup memory: every tile, forced one by one, over shapes that fit none. */
import { productTiles } from '../../../src/fused-kernels/product-tiles';
import type { KernelTarget } from '../../../src/fused-kernels/target';
import type { GraphBuilder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import { checkFused, labelsOf, type Build } from '../../support/differential';
import { exhaustively } from '../../support/exhaustively';
import type { Plan } from '../../../src/compiler/plan';

interface Case {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

const PLAIN = { transposeA: false, transposeB: false };

/** What every tile is tried on: ragged in all sizes, by elements. */
const ragged: readonly Case[] = [{ a: [37, 101], b: [101, 45] }];

/** And one of every number of slices, and of every size of what an invocation has: by vectors. */
const vectors: readonly Case[] = [
  { a: [70, 132], b: [132, 68] },
  { a: [37, 68], b: [66, 68], transposeB: true },
];
const OF_VECTORS = [
  ...['64x64x32 8x4', '64x64x16 4x4', '32x64x32 4x4'],
  ...['16x64x32 4x4 s2', '16x32x32 4x4 s4', '16x16x64 4x4 s8'],
];

/** And what two are: whole tiles, single elements, either operand transposed, and batches. */
const others: readonly Case[] = [
  { a: [128, 128], b: [128, 64] },
  { a: [13, 1], b: [1, 11] },
  { a: [13, 3], b: [3, 11] },
  { a: [70, 37], b: [70, 36], transposeA: true },
  { a: [37, 67], b: [35, 67], transposeB: true },
  { a: [36, 40], b: [33, 36], transposeA: true, transposeB: true },
  { a: [2, 20, 36], b: [2, 20, 40], transposeA: true },
  { a: [2, 1, 19, 36], b: [1, 3, 36, 8] },
];
const OF_OTHERS = ['32x32x32 4x4 s2', '32x32x16 4x4'];

/**
 * The target with one candidate forced. Loops of constant length stay loops, so that software
 * drivers do not spend their time on unrolling them.
 */
function forced(product: string): Partial<KernelTarget> {
  return { unrolls: false, choose: ({ family }) => (family === 'product' ? product : undefined) };
}

async function check(build: Build, product: string, tolerance: 'exact' | 'summation' = 'exact') {
  return checkFused(build, { targets: ['gpu'], tolerance, overrides: forced(product) });
}

const input = (b: GraphBuilder, ...shape: number[]): Value => b.input({ shape, dtype: 'float32' });

function nameOf({ a, b, transposeA, transposeB }: Case): string {
  return `[${a}]${transposeA ? 'ᵀ' : ''} · [${b}]${transposeB ? 'ᵀ' : ''}`;
}

/** The tile that a plan's only product was made of. */
function expectTile(plan: Plan, product: string): void {
  const invocations = productTiles.get(product.split(' z')[0])?.invocations;
  expect(plan.dispatches[0].program.wgsl).toContain(`@workgroup_size(${invocations})`);
}

describe.each([...productTiles.keys()])('tile %s', (product) => {
  const cases = [
    ...ragged,
    ...(OF_VECTORS.includes(product) ? vectors : exhaustively(vectors)),
    ...(OF_OTHERS.includes(product) ? others : exhaustively(others)),
  ];
  test.each(cases.map((one) => [nameOf(one), one] as const))('%s', async (_name, one) => {
    const { a, b, transposeA = false, transposeB = false } = one;
    const plan = await check(
      (builder) =>
        builder.op('BatchMatMul', [input(builder, ...a), input(builder, ...b)], {
          transposeA,
          transposeB,
        }),
      product,
    );
    expect(labelsOf(plan)).toEqual(['BatchMatMul']);
    expectTile(plan, product);
  });
});

describe('what stands around a tiled product', () => {
  const product = '16x32x32 4x4 s4';

  test('is computed while loading and while storing', async () => {
    const plan = await check((b) => {
      const x = b.op('Relu', [b.op('Add', [input(b, 21, 72), input(b, 72)])]);
      const w = b.op('Multiply', [input(b, 72, 30), input(b, 1, 30)]);
      const y = b.op('Add', [b.op('BatchMatMul', [x, w], PLAIN), input(b, 30)]);
      return b.op('Add', [b.op('Relu6', [y]), input(b, 21, 30)]);
    }, product);
    expect(labelsOf(plan)).toEqual(['Add → Relu → Multiply → BatchMatMul → Add → Relu6 → Add']);
  });

  test('follows a single column', async () => {
    const plan = await check((b) => {
      const y = b.op('BatchMatMul', [input(b, 2, 21, 72), input(b, 2, 72, 1)], PLAIN);
      const scores = b.op('Relu', [b.op('Add', [y, input(b, 1)])]);
      return b.op('Multiply', [b.op('Multiply', [scores, input(b, 21, 1)]), input(b, 2, 1, 1)]);
    }, product);
    expect(labelsOf(plan)).toEqual(['BatchMatMul → Add → Relu → Multiply → Multiply']);
  });

  test('moves heads: k is two axes of A, counted without division', async () => {
    const plan = await check((b) => {
      const heads = b.op('Transpose', [input(b, 3, 18, 12)], { perm: [1, 0, 2] });
      const rows = b.reshape(heads, [18, 36]);
      return b.op('BatchMatMul', [rows, input(b, 36, 20)], PLAIN);
    }, product);
    expect(labelsOf(plan)).toHaveLength(1);
  });

  test('transposes the result', () =>
    check((b) => {
      const y = b.op('BatchMatMul', [input(b, 19, 24), input(b, 24, 28)], PLAIN);
      return b.op('Relu', [b.op('Transpose', [y], { perm: [1, 0] })]);
    }, product));

  test.each([
    ['whole vectors', [20, 8, 40]],
    ['parts that end within a vector', [5, 7, 9]],
  ])('concatenates A: %s', async (_name, widths) => {
    const depth = widths.reduce((sum, width) => sum + width, 0);
    await check((b) => {
      const parts = widths.map((width) => b.op('Relu', [input(b, 26, width)]));
      const x = b.op('Concat', parts, { axis: 1 });
      return b.op('BatchMatMul', [x, input(b, depth, 24)], PLAIN);
    }, product);
  });

  test.each<[readonly [number, number, number], boolean, string]>([
    [[33, 40, 36], false, '32x32x64 8x4 s4'],
    [[18, 37, 21], true, '32x64x32 4x4 s2'],
  ])('gates one product with another: %j, transposed: %s', async ([m, k, n], transposeB, tile) => {
    const plan = await check(
      (b) => {
        const x = input(b, m, k);
        const shape = transposeB ? [n, k] : [k, n];
        const [first, second] = [3, 8].map((seed) => {
          const values = Array.from({ length: k * n }, (_, i) => ((i * 7 + seed) % 11) - 5);
          const weights = b.hostConstant(shape, 'float32', values);
          return b.op('BatchMatMul', [x, weights], { transposeA: false, transposeB });
        });
        return b.op('Multiply', [b.op('Relu', [first]), second]);
      },
      tile,
      'summation',
    );
    expect(labelsOf(plan)).toEqual(['GatedMatMul']);
  });
});

describe('sums that several workgroups share', () => {
  test.each<[string, Case]>([
    ['whole vectors', { a: [20, 1000], b: [1000, 40] }],
    ['ragged', { a: [19, 997], b: [997, 38] }],
    ['batches, transposed', { a: [2, 17, 960], b: [2, 24, 960], transposeB: true }],
  ])('%s', async (_name, { a, b, transposeB = false }) => {
    const plan = await check((builder) => {
      const operands = [input(builder, ...a), input(builder, ...b)];
      const y = builder.op('BatchMatMul', operands, { transposeA: false, transposeB });
      return builder.op('Relu', [
        builder.op('Add', [y, input(builder, y.shape[y.shape.length - 1])]),
      ]);
    }, '32x32x32 4x4 s2 z8');
    expect(labelsOf(plan)).toEqual(['BatchMatMul', 'Sum → Add → Relu']);
  });
});

describe('NaN and infinity stay in their rows and columns', () => {
  test.each([
    [17, 70, 30],
    [18, 13, 33],
  ])('%d·%d·%d', async (m, k, n) => {
    // The last k of a row, and the last row and column: what is padded must not spread them.
    const a = Float32Array.from({ length: m * k }, (_, i) => (i % 5) - 2);
    const b = Float32Array.from({ length: k * n }, (_, i) => (i % 7) - 3);
    a[k - 1] = NaN;
    a[m * k - 1] = Infinity;
    b[k * n - 1] = -Infinity;
    await checkFused(
      (builder) => builder.op('BatchMatMul', [input(builder, m, k), input(builder, k, n)], PLAIN),
      { targets: ['gpu'], inputs: [a, b], overrides: forced('16x16x64 4x4 s8') },
    );
  });
});
