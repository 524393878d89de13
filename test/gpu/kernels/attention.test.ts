/** The tiles of attention on GPUs, forced one by one, and scores that no softmax likes. */
import type { GraphBuilder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import { ATTENTION_TILES } from '../../../src/fused-kernels/attention/tile';
import { checkFused, labelsOf } from '../../support/differential';
import { exhaustively } from '../../support/exhaustively';
import { seededNumbers } from '../../support/small-graph-model';

interface Sizes {
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  readonly depth: number;
  readonly width: number;
}

/** softmax(change(q · kᵀ)) · v over inputs q, k, v. */
function attend(
  b: GraphBuilder,
  { heads, queries, keys, depth, width }: Sizes,
  change: (scores: Value) => Value = (scores) => scores,
): Value {
  const input = (...shape: number[]) => b.input({ shape: [heads, ...shape], dtype: 'float32' });
  const [q, k, v] = [input(queries, depth), input(keys, depth), input(keys, width)];
  const scores = b.op('BatchMatMul', [q, k], { transposeA: false, transposeB: true });
  const weights = b.op('Softmax', [change(scores)]);
  return b.op('BatchMatMul', [weights, v], { transposeA: false, transposeB: false });
}

const ofTile = (name: string) => ({ overrides: { choose: () => name }, targets: ['gpu'] as const });

type Size = readonly [queries: number, keys: number, depth: number, width: number];

/** Sizes around those of tiles, in heads that are no vectors. */
const SIZES: readonly Size[] = [[129, 129, 40, 23], ...exhaustively<Size>([[33, 17, 40, 23]])];
/** Heads of whole vectors. */
const VECTORS: readonly Size[] = [[129, 129, 64, 64]];
/** Heads in pieces: a software driver takes up to ten seconds for each, so that two tiles have them. */
const LONG: Size = [5, 129, 80, 128];
/** Less than any tile has. */
const SMALL: readonly Size[] = [
  [1, 5, 1, 7],
  [17, 33, 32, 32],
];
const ALSO: Readonly<Record<string, readonly Size[]>> = {
  '16×32': [...SMALL, LONG, ...VECTORS],
  '32×32 wide': [LONG, ...exhaustively(VECTORS)],
};

describe.each(ATTENTION_TILES.map(({ name }) => name))('tile %s', (tile) => {
  test.each([...(ALSO[tile] ?? exhaustively(VECTORS)), ...SIZES])(
    '%i queries, %i keys, heads of %i and %i',
    async (queries, keys, depth, width) => {
      const sizes = { heads: 2, queries, keys, depth, width };
      await checkFused((b) => attend(b, sizes), { tolerance: 'transcendental', ...ofTile(tile) });
    },
  );
});

test.each([[200, 7], ...exhaustively([[32, 256]])])(
  'heads of %i and %i, in pieces',
  async (depth, width) => {
    const sizes = { heads: 1, queries: 33, keys: 33, depth, width };
    await checkFused((b) => attend(b, sizes), { tolerance: 'transcendental', targets: ['gpu'] });
  },
);

describe('few queries and many keys, in parts', () => {
  test.each([
    [1, 256, 64, 64],
    [1, 300, 7, 5],
    [16, 257, 128, 200],
    ...exhaustively([[5, 700, 40, 23]]),
  ])('%i queries, %i keys, heads of %i and %i', async (queries, keys, depth, width) => {
    const sizes = { heads: 2, queries, keys, depth, width };
    const plan = await checkFused(
      (b) => {
        const scaled = attend(b, sizes, (scores) =>
          b.op('Add', [scores, b.input({ shape: [2, 1, keys], dtype: 'float32' })]),
        );
        return b.op('Relu', [scaled]);
      },
      { tolerance: 'transcendental', targets: ['gpu'] },
    );
    expect(labelsOf(plan)).toEqual(['AttentionPart', 'AttentionMerge → Relu']);
  });

  test('so many keys that a workgroup has several tiles of them', async () => {
    const sizes = { heads: 1, queries: 1, keys: 9000, depth: 4, width: 4 };
    await checkFused((b) => attend(b, sizes), { tolerance: 'transcendental', targets: ['gpu'] });
  });

  test('keys hidden by −∞, wholly and in part, NaN, ∞', async () => {
    const sizes = { heads: 6, queries: 1, keys: 300, depth: 4, width: 4 };
    const hides = [
      (key: number) => (key < 128 ? -Infinity : 0),
      () => -Infinity,
      (key: number) => (key === 299 ? NaN : 0),
      (key: number) => (key === 3 ? Infinity : 0),
      () => -3.4028234663852886e38,
      () => 0,
    ];
    const mask = hides.flatMap((hide) => Array.from({ length: 300 }, (_, key) => hide(key)));
    await checkFused(
      (b) =>
        attend(b, sizes, (scores) =>
          b.op('Add', [scores, b.input({ shape: [6, 1, 300], dtype: 'float32' })]),
        ),
      {
        tolerance: 'transcendental',
        inputs: [undefined, undefined, undefined, mask],
        targets: ['gpu'],
      },
    );
  });
});

describe('causal masks', () => {
  const count = (length: number, from = 0) => Array.from({ length }, (_, i) => from + i);

  /** Scores of keys behind a query, or before `offset` more, are `hidden`. */
  const causal =
    (b: GraphBuilder, queries: number, keys: number, hidden: number, offset: number) =>
    (scores: Value): Value => {
      const key = b.hostConstant([keys], 'int32', count(keys));
      const query = b.hostConstant([queries, 1], 'int32', count(queries, offset));
      return b.op('Select', [b.op('LessEqual', [key, query]), scores, b.scalar(hidden)]);
    };

  test.each<[string, number, number, number, number]>([
    ['as many keys as queries', 70, 70, -1e9, 0],
    ['more keys', 40, 120, -Infinity, 80],
    ['fewer keys: the first queries see none', 110, 40, -1e30, -70],
    ['hidden by a score that counts', 70, 70, -2, 0],
  ])('%s', async (_name, queries, keys, hidden, offset) => {
    const sizes = { heads: 2, queries, keys, depth: 8, width: 8 };
    const plan = await checkFused(
      (b) => attend(b, sizes, causal(b, queries, keys, hidden, offset)),
      { tolerance: 'transcendental', ...ofTile('16×32') },
    );
    expect(plan.dispatches[0].program.wgsl).toContain('tile < endTile');
  });

  test('rows all of whose visible keys are hidden by −∞ see the others', async () => {
    const sizes = { heads: 1, queries: 70, keys: 70, depth: 4, width: 4 };
    const mask = Array.from({ length: 70 }, (_, key) => (key < 3 ? -Infinity : 0));
    await checkFused(
      (b) =>
        attend(b, sizes, (scores) => {
          const shown = b.op('Add', [scores, b.input({ shape: [1, 1, 70], dtype: 'float32' })]);
          return causal(b, 70, 70, -1e30, 0)(shown);
        }),
      {
        tolerance: 'transcendental',
        inputs: [undefined, undefined, undefined, mask],
        ...ofTile('16×32'),
      },
    );
  });
});

describe('what is not finite', () => {
  const sizes: Sizes = { heads: 2, queries: 6, keys: 70, depth: 8, width: 8 };
  const { heads, queries, keys } = sizes;

  /** A mask with `value` where `at` says so, and 0 elsewhere. */
  const masked = (value: number, at: (row: number, key: number) => boolean) =>
    Array.from({ length: heads * queries * keys }, (_, i) =>
      at(Math.floor(i / keys), i % keys) ? value : 0,
    );
  const check = async (mask: number[], values?: Float32Array) => {
    const plan = await checkFused(
      (b) =>
        attend(b, sizes, (scores) =>
          b.op('Add', [scores, b.input({ shape: [heads, queries, keys], dtype: 'float32' })]),
        ),
      {
        tolerance: 'transcendental',
        inputs: [undefined, undefined, values, mask],
        targets: ['gpu'],
      },
    );
    expect(labelsOf(plan)).toHaveLength(1);
  };

  test('a tile of keys hidden by −∞, the first, and the last', async () => {
    await check(masked(-Infinity, (_, key) => key < 32));
    await check(masked(-Infinity, (_, key) => key >= 32));
  });

  test('some rows hidden wholly, by −∞ or the lowest number', async () => {
    await check(masked(-Infinity, (row) => row % 3 === 1));
    await check(masked(-3.4028234663852886e38, (row) => row % 3 === 1));
  });

  test('NaN and ∞ stay with their rows, whatever the sign of a NaN', async () => {
    await check(masked(NaN, (row, key) => row === 2 && key === 40));
    await check(masked(Infinity, (row, key) => row === 2 && key === 3));
  });

  test('a value of NaN or ∞', async () => {
    const values = seededNumbers(3, heads * keys * sizes.width);
    values[5 * sizes.width + 1] = NaN;
    values[69 * sizes.width + 2] = Infinity;
    await check(
      masked(0, () => false),
      values,
    );
  });
});

test('what stands before and behind is computed on the way', async () => {
  const plan = await checkFused(
    (b) => {
      const input = (...shape: number[]) => b.input({ shape, dtype: 'float32' });
      const scaled = (x: Value) => b.op('Multiply', [b.op('Tanh', [x]), b.scalar(2)]);
      const [q, k, v] = [input(2, 18, 12), input(2, 40, 12), input(2, 40, 12)].map(scaled);
      const scores = b.op('BatchMatMul', [q, k], { transposeA: false, transposeB: true });
      const y = b.op('BatchMatMul', [b.op('Softmax', [scores]), v], {
        transposeA: false,
        transposeB: false,
      });
      return b.op('Relu', [b.op('Add', [y, input(12)])]);
    },
    { tolerance: 'transcendental', targets: ['gpu'] },
  );
  expect(labelsOf(plan)[labelsOf(plan).length - 1]).toContain('Attention → Add → Relu');
});

test.each([
  [1, 2],
  [1, 4],
  [2, 3],
  [3, 5],
])('heads cut out of the rows of %i texts of %i tokens', async (batch, length) => {
  const build = (b: GraphBuilder): Value => {
    const [q, k, v] = [0, 1, 2].map(() => {
      const rows = b.input({ shape: [batch * length, 24], dtype: 'float32' });
      return b.transpose(b.reshape(rows, [batch, length, 3, 8]), [0, 2, 1, 3]);
    });
    const scores = b.op('BatchMatMul', [q, k], { transposeA: false, transposeB: true });
    const mixed = b.op('BatchMatMul', [b.op('Softmax', [scores]), v], {
      ...{ transposeA: false, transposeB: false },
    });
    return b.reshape(b.transpose(mixed, [0, 2, 1, 3]), [batch * length, 24]);
  };
  await checkFused(build, { tolerance: 'transcendental', targets: ['gpu, any size'] });
});
