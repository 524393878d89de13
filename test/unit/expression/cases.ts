import type { Attrs, ScalarOp, ScalarType } from '../../../src/ir/expression';

/** One way to call an op: the types of its arguments and its attributes. */
export interface OpCase {
  readonly types: readonly ScalarType[];
  readonly attrs: Attrs;
}

const TYPES: readonly ScalarType[] = ['float32', 'int32', 'bool'];

const ATTRS: Readonly<Record<string, readonly Attrs[]>> = {
  LeakyRelu: [{ alpha: 0.2 }, { alpha: -3 }],
  Step: [{ alpha: 0 }, { alpha: -1.5 }],
  ClipByValue: [
    { clipValueMin: -1, clipValueMax: 1 },
    { clipValueMin: -2.5, clipValueMax: 6.5 },
    { clipValueMin: 0.1, clipValueMax: Infinity },
    { clipValueMin: -Infinity, clipValueMax: 0 },
    { clipValueMin: -3e9, clipValueMax: 3e9 },
    { clipValueMin: NaN, clipValueMax: NaN },
  ],
  Cast: TYPES.map((dtype) => ({ dtype })),
};

/** Every combination of types and attributes that the op supports. */
export function opCases(op: ScalarOp): OpCase[] {
  const combinations = TYPES.flatMap((a) =>
    op.arity === 1
      ? [[a]]
      : TYPES.flatMap((b) => (op.arity === 2 ? [[a, b]] : TYPES.map((c) => [a, b, c]))),
  );
  return (ATTRS[op.kernel] ?? [{}]).flatMap((attrs) =>
    combinations
      .filter((types) => op.resultType(types, attrs) !== undefined)
      .map((types) => ({ types, attrs })),
  );
}

/** The names by which tfjs passes an op's arguments to its kernel, in order. */
export function inputNames(op: ScalarOp): readonly string[] {
  switch (op.kernel) {
    case 'Prelu':
      return ['x', 'alpha'];
    case 'EluGrad':
      return ['dy', 'y'];
    case 'Select':
      return ['condition', 't', 'e'];
    default:
      return op.arity === 1 ? ['x'] : ['a', 'b'];
  }
}

const INT_MAX = 2 ** 31 - 1;
const FLOAT_MAX = 3.4028234663852886e38;

const MAGNITUDES = [
  // halves, and the neighbours that a careless `floor(x + 0.5)` gets wrong
  [0, 0.49999997, 0.5, 1, 1.0000001, 1.5, 2, 2.5, 3, 3.5, 6, 6.5, 7],
  // where activations saturate, exp over- and underflows, angles turn
  [0.25, 0.625, 0.1, 0.7, 3.1415927, 1.5707964, 10, 13.9, 14, 50, 88, 89, 100, 104, 1000],
  [1e-3, 1e-5, 1e-10, 1e-20, 1e-30, 1.17549435e-38, 1e-40, 1e-45],
  [8192, 8388607.5, 8388608, 16777216, 2 ** 31, 2 ** 32, 3e9, 1e10, 1e20, FLOAT_MAX, Infinity],
].flat();

/** Values of a type that arithmetic tends to get wrong. */
export const SPECIAL: Readonly<Record<ScalarType, readonly number[]>> = {
  float32: [...MAGNITUDES.flatMap((x) => [x, -x]).map(Math.fround), NaN],
  int32: [0, 1, 2, 3, 5, 6, 7, 31, 32, 1000, 46340, 46341, 65536, 2 ** 24 + 1, INT_MAX - 1, INT_MAX]
    .flatMap((x) => [x, -x])
    .concat(-INT_MAX - 1)
    .map((x) => x | 0),
  bool: [0, 1],
};

/** A generator of numbers in [0, 1), the same ones every time. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `count` values of a type: float32 uniform in [-10, 10] and log-uniform in turn. */
export function randomValues(type: ScalarType, count: number, next: () => number): number[] {
  return Array.from({ length: count }, (_, i) => {
    if (type === 'bool') return next() < 0.5 ? 0 : 1;
    if (type === 'int32') return Math.floor((next() * 2 - 1) * 2 ** (1 + Math.floor(next() * 31)));
    if (i % 2 === 0) return Math.fround(next() * 20 - 10);
    return Math.fround((next() < 0.5 ? -1 : 1) * 10 ** (next() * 16 - 8));
  });
}

/** Argument columns for a case: special values in every combination, then random ones. */
export function argumentColumns(types: readonly ScalarType[], randomCount = 512): number[][] {
  let rows: number[][] = [[]];
  for (const type of types) {
    rows = rows.flatMap((row) => SPECIAL[type].map((value) => [...row, value]));
  }
  const next = random(rows.length);
  return types.map((type, i) => [
    ...rows.map((row) => row[i]),
    ...randomValues(type, randomCount, next),
  ]);
}
