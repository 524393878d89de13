/** Steps of recurrent layers that are not alike, or alike in an unusual way. */
import type { GraphBuilder } from '../../../../src/ir/builder';
import type { Value } from '../../../../src/ir/graph';
import { input } from '../../../support/plants/cases';
import { rewrite } from '../rewritten';
import { add, computeTheSame, product, tanh, type Build } from './judged';

const [STEPS, ROWS, UNITS] = [6, 4, 8];

/** What a step makes of the product of the state before it. */
type Step = (b: GraphBuilder, z: Value, at: number, h: Value) => Value;

/** Steps that begin with `columns` columns of a product with the state; `of` makes a step, and what is asked for. */
function unrolled(
  of: (b: GraphBuilder, asked: Value[], w: Value) => Step,
  { columns = UNITS, asksState = true } = {},
): Build {
  return (b) => {
    const w = input(b, UNITS, columns);
    const asked: Value[] = [];
    const step = of(b, asked, w);
    let h = input(b, ROWS, UNITS);
    for (let at = 0; at < STEPS; at++) h = step(b, product(b, h, w), at, h);
    return asksState ? [h, ...asked] : asked;
  };
}

/** Rows of a sequence, `ROWS` a step. */
const rowsAt = (b: GraphBuilder, x: Value, at: number, column = 0): Value =>
  b.slice(x, [ROWS * at, column], [ROWS, UNITS]);

const LAST = STEPS - 1;

const ALIKE: readonly (readonly [string, Build])[] = [
  [
    'shape their state, and shape it back',
    unrolled(() => (b, z) => {
      const rows = tanh(b, b.reshape(z, [ROWS, 1, UNITS]));
      return b.op('Sin', [b.reshape(rows, [ROWS, UNITS])]);
    }),
  ],
  [
    'of a matrix that is multiplied from the left as well',
    unrolled((b, asked, w) => {
      asked.push(product(b, w, input(b, UNITS, 3)));
      return (_b, z) => tanh(b, z);
    }),
  ],
  [
    'of a matrix that is used transposed as well',
    unrolled((b, asked, w) => {
      asked.push(product(b, input(b, 2, UNITS), w, { transposeB: true }));
      return (_b, z) => tanh(b, z);
    }),
  ],
  [
    'answer more than a state in the last one',
    unrolled(
      (_b, asked) => (b, z, at) => {
        if (at === LAST) asked.push(z);
        const [x, gate] = [0, UNITS].map((from) => b.slice(z, [0, from], [ROWS, UNITS]));
        return b.op('Multiply', [tanh(b, x), b.op('Sigmoid', [gate])]);
      },
      { columns: 2 * UNITS },
    ),
  ],
  [
    'outlast their sequence',
    unrolled((b) => {
      const x = input(b, ROWS * LAST, UNITS);
      const rest = input(b, ROWS, UNITS);
      return (_b, z, at) => tanh(b, add(b, z, at === LAST ? rest : rowsAt(b, x, at)));
    }),
  ],
  [
    'answer a comparison in the last one',
    unrolled((_b, asked) => (b, z, at) => {
      const positive = b.op('Greater', [z, b.scalar(0)]);
      if (at === LAST) asked.push(positive);
      return tanh(b, b.op('Select', [positive, z, b.op('Neg', [z])]));
    }),
  ],
];

describe('steps that are alike', () => {
  computeTheSame(ALIKE);
  test.each(ALIKE)('are one node where they %s', (_name, build) => {
    expect(rewrite(build).kernels).toContain('Recurrence');
  });
});

describe('steps that are not alike, or need what is no state', () => {
  computeTheSame([
    [
      'read a sequence from the column of their number on',
      unrolled((b) => {
        const x = input(b, ROWS * STEPS, UNITS + STEPS);
        return (_b, z, at) => tanh(b, add(b, z, rowsAt(b, x, at, at)));
      }),
    ],
    [
      'read two sequences in turn',
      unrolled((b) => {
        const both = [1, 2].map(() => input(b, ROWS * STEPS, UNITS));
        return (_b, z, at) => tanh(b, add(b, z, rowsAt(b, both[at % 2], at)));
      }),
    ],
    [
      'go backwards through a sequence',
      unrolled((b) => {
        const x = input(b, 2 * ROWS * STEPS, UNITS);
        return (_b, z, at) => tanh(b, add(b, z, rowsAt(b, x, LAST - at)));
      }),
    ],
    [
      'read every second column',
      unrolled(() => (b, z) => tanh(b, b.slice(z, [0, 0], [ROWS, UNITS], [1, 2])), {
        columns: 2 * UNITS,
      }),
    ],
    [
      'add something else in the last one',
      unrolled((b) => {
        const [own, last] = [input(b, UNITS), input(b, UNITS)];
        return (_b, z, at) => tanh(b, add(b, z, at === LAST ? last : own));
      }),
    ],
    ...(
      [
        ['something that is no kernel', (b, x) => input(b, ...x.shape)],
        ['another kernel of their sequence', (b, x) => b.op('Sin', [x])],
        ['the same kernel of something else', (b, x) => b.op('Abs', [input(b, ...x.shape)])],
      ] satisfies [string, (b: GraphBuilder, x: Value) => Value][]
    ).map(([what, last]): [string, Build] => [
      `read ${what} in the last one`,
      unrolled((b) => {
        const x = input(b, ROWS * STEPS, UNITS);
        return (_b, z, at) => {
          const rows = rowsAt(b, x, at);
          const own = at === LAST ? last(b, rows) : b.op('Abs', [rows]);
          return tanh(b, add(b, add(b, z, rows), own));
        };
      }),
    ]),
    [
      'take other columns, under another shape, in one of them',
      (b) => {
        const w = input(b, 4, 8);
        let h = input(b, 4, 4);
        for (let at = 0; at < STEPS; at++) {
          const z = b.reshape(product(b, h, w), at === 2 ? [1, 8, 4] : [1, 4, 8]);
          const [, rows, columns] = z.shape;
          h = tanh(b, b.reshape(b.slice(z, [0, 0, 0], [1, rows, columns / 2]), [4, 4]));
        }
        return h;
      },
    ],
  ]);
});
