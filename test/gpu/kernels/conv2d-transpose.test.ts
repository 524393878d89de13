import { checkFused, labelsOf, TARGETS } from '../../support/differential';

interface Case {
  readonly name: string;
  readonly dy: readonly [number, number, number, number];
  /** Height, width and channels out. */
  readonly filter: readonly [number, number, number];
  readonly strides: readonly [number, number];
  readonly pad: readonly [top: number, bottom: number, left: number, right: number];
  readonly output: readonly [height: number, width: number];
}
const cases: readonly Case[] = [
  {
    name: 'stride 1',
    dy: [1, 4, 5, 8],
    filter: [3, 3, 4],
    strides: [1, 1],
    pad: [1, 1, 1, 1],
    output: [4, 5],
  },
  {
    name: 'stride 2, even',
    dy: [2, 4, 3, 4],
    filter: [4, 4, 8],
    strides: [2, 2],
    pad: [1, 1, 1, 1],
    output: [8, 6],
  },
  {
    name: 'stride 2, odd output',
    dy: [1, 4, 4, 4],
    filter: [3, 3, 4],
    strides: [2, 2],
    pad: [1, 1, 1, 1],
    output: [7, 7],
  },
  {
    name: 'stride 2, filter 2',
    dy: [1, 3, 5, 3],
    filter: [2, 2, 5],
    strides: [2, 2],
    pad: [0, 0, 0, 0],
    output: [6, 10],
  },
  {
    name: 'stride 3, gaps between windows',
    dy: [1, 3, 2, 4],
    filter: [2, 2, 4],
    strides: [3, 3],
    pad: [0, 1, 0, 1],
    output: [9, 6],
  },
  {
    name: 'strides differ, asymmetric pad',
    dy: [1, 3, 4, 4],
    filter: [3, 3, 3],
    strides: [2, 1],
    pad: [0, 1, 2, 0],
    output: [6, 4],
  },
  {
    name: 'stride 3, ragged both ways',
    dy: [2, 3, 3, 5],
    filter: [4, 2, 12],
    strides: [3, 2],
    pad: [1, 1, 0, 1],
    output: [8, 5],
  },
  {
    name: 'taps that meet no row',
    dy: [1, 1, 2, 8],
    filter: [5, 3, 20],
    strides: [1, 1],
    pad: [2, 2, 1, 1],
    output: [1, 2],
  },
];

describe('Conv2DBackpropInput', () => {
  test.each(cases.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
    const [height, width, channels] = row.filter;
    const [top, bottom, left, right] = row.pad;
    const plan = await checkFused(
      (b) => {
        const dy = b.input({ shape: row.dy, dtype: 'float32' });
        const filter = b.input({ shape: [height, width, channels, row.dy[3]], dtype: 'float32' });
        const attrs = { strides: row.strides, pad: { top, bottom, left, right } };
        const shape = [row.dy[0], ...row.output, channels];
        return b.op('Conv2DBackpropInput', [dy, filter], attrs, [], shape);
      },
      // A tile without slices, and not unrolled: what a software driver compiles soonest.
      { targets: TARGETS, overrides: { unrolls: false, choose: () => '32x32x16 4x4' } },
    );
    expect(labelsOf(plan)).toEqual(['Conv2DBackpropInput']);
  });
});
