/** Rows that normalisations and softmax go wrong on. */
import { seededNumbers } from '../small-graph-model';

export type RowKind = (length: number) => ArrayLike<number>;

const each = (length: number, at: (i: number) => number): number[] =>
  Array.from({ length }, (_, i) => at(i));
const noise = (length: number, seed: number, size = 1, around = 0): number[] =>
  Array.from(seededNumbers(seed, length), (x) => around + size * x);

/** Finite rows of every magnitude between 1e-6 and 1e6. */
export const ROWS: Readonly<Record<string, RowKind>> = {
  zeros: (n) => each(n, () => 0),
  'equal 0.1': (n) => each(n, () => 0.1),
  'equal 1e-6': (n) => each(n, () => 1e-6),
  'equal 1e6 + 1/16': (n) => each(n, () => 1e6 + 1 / 16),
  'one ulp apart': (n) => each(n, (i) => (i % 3 === 0 ? 1 : 1 + 2 ** -23)),
  'variance 1e-8 on 1': (n) => noise(n, 3, 1e-4, 1),
  'variance 1e-6 on 1000': (n) => noise(n, 4, 1e-3, 1000),
  'variance 1 on 1e6': (n) => noise(n, 5, 1, 1e6),
  'of size 1e-6': (n) => noise(n, 6, 1e-6),
  'of size 1e-3': (n) => noise(n, 7, 1e-3),
  'of size 1': (n) => noise(n, 8),
  'of size 1000': (n) => noise(n, 9, 1e3),
  'of size 1e6': (n) => noise(n, 10, 1e6),
  'sizes 1e-6 to 1e6': (n) => noise(n, 11).map((x, i) => x * 10 ** ((i % 13) - 6)),
  'one of 1e6 among 1e-6': (n) => each(n, (i) => (i === n >> 1 ? 1e6 : 1e-6)),
  'first of 1e6, noise after': (n) => noise(n, 12).map((x, i) => (i === 0 ? 1e6 : x)),
  'ramp to 1000': (n) => each(n, (i) => (1000 * i) / n),
  'signs in turn': (n) => each(n, (i) => (i % 2 ? -1 : 1) * (1 + i / n)),
};

/** Rows that only softmax meets: scores under masks, and scores that overflow `exp`. */
export const SCORES: Readonly<Record<string, RowKind>> = {
  'overflows exp': (n) => noise(n, 13, 500, 1000),
  'underflows exp': (n) => noise(n, 14, 500, -1000),
  'all −1e9': (n) => noise(n, 15).map((x) => Math.fround(x) - 1e9),
  'all −∞': (n) => each(n, () => -Infinity),
  'one key seen': (n) => each(n, (i) => (i === n >> 1 ? 3 : -Infinity)),
  'half hidden by −∞': (n) => noise(n, 16).map((x, i) => (i % 2 ? -Infinity : x)),
  'half hidden by −1e9': (n) => noise(n, 17, 4).map((x, i) => (i % 2 ? x - 1e9 : x)),
  'two peaks': (n) => each(n, (i) => (i % 7 === 0 ? 80 : 0)),
};
