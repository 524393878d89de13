import type { GraphBuilder } from '../../../src/ir/builder';
import type { Shape, Value } from '../../../src/ir/graph';
import { seededNumbers } from '../../support/small-graph-model';
import {
  ADAPTERS,
  checkFused,
  labelsOf,
  TARGETS,
  type DifferentialOptions,
} from '../../support/differential';

const tensor = (b: GraphBuilder, shape: Shape) => b.input({ shape, dtype: 'float32' });
const plain = { transposeA: false, transposeB: false };

interface Sizes {
  readonly batch: Shape;
  readonly queries: number;
  readonly keys: number;
  readonly head: number;
  readonly result?: number;
}

/** softmax(change(q · kᵀ)) · v over inputs q, k, v. */
function attend(b: GraphBuilder, sizes: Sizes, change: (scores: Value) => Value): Value {
  const { batch, queries, keys, head, result = head } = sizes;
  const q = tensor(b, [...batch, queries, head]);
  const k = tensor(b, [...batch, keys, head]);
  const v = tensor(b, [...batch, keys, result]);
  const scores = b.op('BatchMatMul', [q, k], { transposeA: false, transposeB: true });
  return b.op('BatchMatMul', [b.op('Softmax', [change(scores)]), v], plain);
}

const scale = (b: GraphBuilder, head: number) => (scores: Value) =>
  b.op('Multiply', [scores, b.scalar(1 / Math.sqrt(head))]);

/** Not on GPUs, whose tiles take a software driver long to compile: `kernels/attention` has them, over sizes and masks. */
const here = { targets: ['software', 'any size'] } as const;

/** Spellings of a mask, which are told apart before there are sizes: one kernel shows that they are right. */
const once = { targets: ['software'] } as const;

describe('sizes', () => {
  test.each<[string, Sizes, DifferentialOptions['targets']?]>([
    ['one of everything', { batch: [1], queries: 1, keys: 1, head: 1 }],
    ['vectors', { batch: [2, 3], queries: 8, keys: 12, head: 16 }],
    ['odd sizes', { batch: [3], queries: 5, keys: 7, head: 13, result: 9 }, ADAPTERS],
    ['a decoder step over many keys', { batch: [2], queries: 1, keys: 333, head: 8 }, ADAPTERS],
    [
      'keys for a workgroup, a ragged head',
      { batch: [2], queries: 3, keys: 257, head: 10, result: 36 },
    ],
    ['a head of 128', { batch: [1, 2], queries: 4, keys: 70, head: 128 }, ['software']],
    ['values wider than keys', { batch: [1], queries: 6, keys: 9, head: 4, result: 20 }],
  ])('%s', async (_name, sizes, targets = here.targets) => {
    const plan = await checkFused((b) => attend(b, sizes, scale(b, sizes.head)), {
      tolerance: 'transcendental',
      targets,
    });
    if (sizes.queries > 1) expect(labelsOf(plan)).toEqual(['Attention']);
  });
});

test.each([
  ['Multiply', TARGETS],
  ['RealDiv', ['software', 'any size']],
] as const)('a scale that is fed: %s', async (kernel, targets) => {
  const sizes: Sizes = { batch: [2, 3], queries: 9, keys: 30, head: 8 };
  const plan = await checkFused(
    (b) => attend(b, sizes, (scores) => b.op(kernel, [scores, b.op('Abs', [tensor(b, [])])])),
    { tolerance: 'transcendental', targets },
  );
  expect(labelsOf(plan)).toEqual(['Abs → Attention']);
});

describe('masks', () => {
  const sizes: Sizes = { batch: [2, 3], queries: 5, keys: 70, head: 4 };
  const check = async (
    change: (b: GraphBuilder, scores: Value) => Value,
    options: Pick<DifferentialOptions, 'inputs' | 'targets'> = {},
  ) => {
    const plan = await checkFused((b) => attend(b, sizes, (scores) => change(b, scores)), {
      tolerance: 'transcendental',
      ...options,
    });
    expect(labelsOf(plan)).toHaveLength(1);
  };

  test('additive, for each key', () =>
    check((b, scores) => {
      const hide = b.op('Multiply', [
        b.op('Sub', [b.scalar(1), tensor(b, [2, 1, 1, 70])]),
        b.scalar(-1e9),
      ]);
      return b.op('Add', [scale(b, 4)(scores), hide]);
    }));

  test('causal, chosen by comparison', () =>
    check((b, scores) => {
      const row = b.hostConstant([5, 1], 'int32', [0, 1, 2, 3, 4]);
      const column = b.hostConstant([1, 70], 'int32', [...new Array(70).keys()]);
      const seen = b.op('LessEqual', [column, row]);
      return b.op('Select', [seen, scores, b.scalar(-1e9)]);
    }, here));

  test('GPT-2: s · m − 1e10 · (1 − m)', () =>
    check((b, scores) => {
      const m = tensor(b, [1, 1, 5, 70]);
      const hidden = b.op('Multiply', [b.op('Sub', [b.scalar(1), m]), b.scalar(1e10)]);
      return b.op('Sub', [b.op('Multiply', [scores, m]), hidden]);
    }, once));

  test('a bias for each head, as T5 adds', () =>
    check((b, scores) => b.op('Add', [scores, tensor(b, [1, 3, 5, 70])]), once));

  test('soft capping', () =>
    check((b, scores) => b.op('Multiply', [b.op('Tanh', [scores]), b.scalar(30)]), once));

  test('every key hidden by −1e9, or by −∞', () =>
    check((b, scores) => b.op('Add', [scores, tensor(b, [2, 1, 1, 70])]), {
      ...here,
      inputs: [
        ...[undefined, undefined, undefined],
        Array.from({ length: 140 }, (_, i) => (i < 70 ? -1e9 : i % 3 === 0 ? 0 : -Infinity)),
      ],
    }));

  test('all −∞ is NaN, as the softmax of it is', () =>
    check((b, scores) => b.op('Add', [scores, tensor(b, [2, 1, 1, 70])]), {
      ...here,
      inputs: [
        ...[undefined, undefined, undefined],
        Array.from({ length: 140 }, (_, i) => (i < 70 ? -Infinity : 0)),
      ],
    }));

  // Of small integers, so that scores are exact: a rounding of one would change its weight by as much.
  test('scores that overflow exp', () =>
    check((b, scores) => b.op('Multiply', [scores, b.scalar(1000)]), {
      inputs: [5, 70].map((rows, seed) =>
        Array.from(seededNumbers(seed, 6 * rows * 4), (x) => Math.round(4 * x)),
      ),
    }));
});

describe('layouts', () => {
  test('heads split from and merged into one axis', async () => {
    const plan = await checkFused(
      (b) => {
        const heads = () =>
          b.transpose(b.reshape(tensor(b, [2, 9, 12]), [2, 9, 3, 4]), [0, 2, 1, 3]);
        const [q, k, v] = [heads(), heads(), heads()];
        const scores = b.op('BatchMatMul', [q, b.transpose(k, [0, 1, 3, 2])], plain);
        const y = b.op('BatchMatMul', [b.op('Softmax', [scale(b, 4)(scores)]), v], plain);
        return b.reshape(b.transpose(y, [0, 2, 1, 3]), [2, 9, 12]);
      },
      { tolerance: 'transcendental', ...here },
    );
    expect(labelsOf(plan)).toHaveLength(1);
  });

  test('keys first, as Keras writes its Einsum, and batches flattened', async () => {
    const plan = await checkFused(
      (b) => {
        const [q, k, v] = [tensor(b, [6, 5, 8]), tensor(b, [6, 7, 8]), tensor(b, [6, 7, 8])];
        const swapped = b.op('BatchMatMul', [k, q], { transposeA: false, transposeB: true });
        const scores = b.transpose(b.reshape(swapped, [2, 3, 7, 5]), [0, 1, 3, 2]);
        const masked = b.op('Add', [scores, tensor(b, [2, 1, 1, 7])]);
        const weights = b.reshape(b.op('Softmax', [masked]), [6, 5, 7]);
        return b.op('BatchMatMul', [weights, v], plain);
      },
      { tolerance: 'transcendental' },
    );
    expect(labelsOf(plan)).toHaveLength(1);
  });

  test('one set of keys for all heads', () =>
    checkFused(
      (b) => {
        const [q, k, v] = [
          tensor(b, [2, 3, 5, 8]),
          tensor(b, [2, 1, 7, 8]),
          tensor(b, [2, 1, 7, 8]),
        ];
        const scores = b.op('BatchMatMul', [q, k], { transposeA: false, transposeB: true });
        return b.op('BatchMatMul', [b.op('Softmax', [scores]), v], plain);
      },
      { tolerance: 'transcendental' },
    ));
});
