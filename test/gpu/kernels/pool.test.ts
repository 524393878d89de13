import { checkFused, labelsOf, TARGETS } from '../../support/differential';

interface Case {
  readonly name: string;
  readonly x: readonly number[];
  readonly filterSize: readonly [number, number];
  readonly strides?: readonly [number, number];
  readonly pad?: readonly [top: number, bottom: number, left: number, right: number];
}

const cases: readonly Case[] = [
  { name: 'one pixel', x: [1, 1, 1, 1], filterSize: [1, 1] },
  { name: '2×2, stride 2', x: [1, 8, 8, 4], filterSize: [2, 2], strides: [2, 2] },
  { name: 'three channels', x: [2, 7, 5, 3], filterSize: [3, 3], pad: [1, 1, 1, 1] },
  {
    name: 'stride 3, asymmetric pad',
    x: [1, 10, 11, 8],
    filterSize: [3, 2],
    strides: [3, 3],
    pad: [0, 2, 1, 0],
  },
  { name: 'strides differ', x: [2, 6, 9, 4], filterSize: [2, 3], strides: [1, 2] },
  { name: 'the window is the image', x: [1, 5, 7, 12], filterSize: [5, 7] },
  { name: 'a wide window', x: [1, 2, 13, 4], filterSize: [1, 9], pad: [0, 0, 4, 4] },
  { name: 'width 1', x: [3, 9, 1, 5], filterSize: [3, 1], pad: [1, 1, 0, 0] },
];

describe.each([
  ['MaxPool', 'exact'],
  ['AvgPool', 'arithmetic'],
] as const)('%s', (kernel, tolerance) => {
  test.each(cases.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
    const { filterSize, strides = [1, 1], pad: [top, bottom, left, right] = [0, 0, 0, 0] } = row;
    const plan = await checkFused(
      (b) => {
        const x = b.input({ shape: row.x, dtype: 'float32' });
        const pad = { top, bottom, left, right };
        return b.op(kernel, [x], { filterSize, strides, dilations: [1, 1], pad });
      },
      { tolerance, targets: TARGETS },
    );
    expect(labelsOf(plan)).toEqual([kernel]);
  });
});
