/** Attention as exporters write it, over scores and masks that are hard to get right. */
import { attention, type AttentionSizes } from '../float64/attention';
import { seededNumbers } from '../small-graph-model';
import { formWriter, range, type AccuracyCase } from './case';

/** One set of heads: how large its operands are, and what hides a key from a query. */
interface HeadKind {
  readonly name: string;
  /** Sizes of queries and keys, and of values. */
  readonly product: number;
  readonly values: number;
  readonly hidden: number;
  readonly hides: (query: number, key: number) => boolean;
}

const nothing = (): boolean => false;
const later = (query: number, key: number): boolean => key > query;
const all = (): boolean => true;
const plain = { product: 1, values: 1, hidden: 0, hides: nothing };

const KINDS: readonly HeadKind[] = [
  { ...plain, name: 'plain' },
  { ...plain, name: 'scores of 1e-12', product: 1e-6 },
  { ...plain, name: 'scores that overflow exp', product: 30 },
  { ...plain, name: 'scores of 1e6', product: 1e3 },
  { ...plain, name: 'values of 1e-6', values: 1e-6 },
  { ...plain, name: 'values of 1e6', values: 1e6 },
  { ...plain, name: 'causal by −1e9', hidden: -1e9, hides: later },
  { ...plain, name: 'causal by −∞', hidden: -Infinity, hides: later },
  { ...plain, name: 'every third key by −∞', hidden: -Infinity, hides: (_, key) => key % 3 === 0 },
  { ...plain, name: 'all keys by −1e9', hidden: -1e9, hides: all },
  { ...plain, name: 'all keys by −∞', hidden: -Infinity, hides: all },
];

/** The roundings of weights and of their sums, see the floor of `row-case.ts`. */
const FLOOR = 4;

/** Queries, keys and heads of one case; every kind of head is in it. */
export function attentionCase({
  queries,
  keys,
  head,
}: Omit<AttentionSizes, 'batch'>): AccuracyCase {
  const batch = KINDS.length;
  const random = (seed: number, rows: number, size: (kind: HeadKind) => number): Float32Array =>
    seededNumbers(seed, batch * rows * head).map(
      (x, i) => x * size(KINDS[Math.floor(i / (rows * head))]),
    );
  const q = random(1, queries, ({ product }) => product);
  const k = random(2, keys, ({ product }) => product);
  const v = random(3, keys, ({ values }) => values);
  const mask = Float32Array.from({ length: batch * queries * keys }, (_, i) => {
    const { hidden, hides } = KINDS[Math.floor(i / (queries * keys))];
    return hides(Math.floor(i / keys) % queries, i % keys) ? hidden : 0;
  });
  const scale = Math.fround(1 / Math.sqrt(head));
  // A score under a mask of −1e9 is that mask: float32 has no room for the score beside it, and
  // that is part of what tfjs answers.
  const score = (product: number, b: number, i: number, j: number): number => {
    const hidden = mask[(b * queries + i) * keys + j];
    return hidden === 0 ? product * scale : Math.fround(product * scale + hidden);
  };
  // One rounding of the sum that is a score changes a weight by as many ulp as half that sum.
  const roundingOf = (b: number): number => {
    let most = 0;
    for (let i = 0; i < queries; i++) {
      for (let j = 0; j < keys; j++) {
        if (mask[(b * queries + i) * keys + j] !== 0) continue;
        let sum = 0;
        for (let d = 0; d < head; d++) {
          sum += Math.abs(q[(b * queries + i) * head + d] * k[(b * keys + j) * head + d]);
        }
        most = Math.max(most, (sum * scale) / 2);
      }
    }
    return most;
  };
  return {
    form: 'attention',
    size: `${queries} queries, ${keys} keys, head ${head}`,
    write() {
      const w = formWriter();
      const [query, key, value] = ['q', 'k', 'v'].map((name) =>
        w.placeholder(name, 'float32', [-1, 1, -1, head]),
      );
      const hides = w.placeholder('mask', 'float32', [-1, 1, -1, -1]);
      const scaled = w.op('Mul', [w.batchMatMul(query, key, true), w.constant(scale)]);
      const weights = w.op('Softmax', [w.op('AddV2', [scaled, hides])]);
      w.node('y', 'Identity', [w.batchMatMul(weights, value)]);
      return w;
    },
    feeds: {
      q: { shape: [batch, 1, queries, head], values: q },
      k: { shape: [batch, 1, keys, head], values: k },
      v: { shape: [batch, 1, keys, head], values: v },
      mask: { shape: [batch, 1, queries, keys], values: mask },
    },
    expected: attention({ batch, queries, keys, head }, q, k, v, score),
    parts: KINDS.map(({ name }, b) => ({
      name,
      at: range(b * queries * head, (b + 1) * queries * head),
      floor: FLOOR + roundingOf(b),
    })),
    kernel: 'Attention',
  };
}
