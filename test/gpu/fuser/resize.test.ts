import { checkFused } from '../../support/differential';

const sizes: readonly (readonly [
  from: readonly [number, number],
  to: readonly [number, number],
])[] = [
  [
    [4, 4],
    [8, 8],
  ],
  [
    [3, 5],
    [7, 4],
  ],
  [
    [6, 6],
    [3, 2],
  ],
  [
    [5, 1],
    [1, 6],
  ],
];
const modes = [
  { alignCorners: false, halfPixelCenters: false },
  { alignCorners: true, halfPixelCenters: false },
  { alignCorners: false, halfPixelCenters: true },
];

const rows = modes.flatMap((attrs) =>
  sizes.flatMap(([from, to]) =>
    [4, 3].map((channels) => {
      const flags = Object.entries(attrs).flatMap(([name, value]) => (value ? [name] : []));
      const name = `${from.join('×')} to ${to.join('×')}, ${channels} channels, ${flags[0] ?? 'plain'}`;
      return [name, { attrs, from, to, channels }] as const;
    }),
  ),
);

describe.each([
  ['ResizeNearestNeighbor', 'exact'],
  ['ResizeBilinear', 'arithmetic'],
] as const)('%s', (kernel, tolerance) => {
  test.each(rows)('%s', (_name, { attrs, from, to, channels }) =>
    checkFused(
      (b) => {
        const x = b.input({ shape: [2, ...from, channels], dtype: 'float32' });
        return b.op(kernel, [x], attrs, [], [2, ...to, channels]);
      },
      { tolerance, targets: ['software'] },
    ),
  );

  test('read by a convolution', () =>
    checkFused(
      (b) => {
        const x = b.input({ shape: [1, 3, 4, 4], dtype: 'float32' });
        const filter = b.input({ shape: [3, 3, 4, 8], dtype: 'float32' });
        const pad = { top: 1, bottom: 1, left: 1, right: 1 };
        const large = b.op(kernel, [x], modes[2], [], [1, 6, 8, 4]);
        return b.op('Conv2D', [large, filter], { strides: [1, 1], dilations: [1, 1], pad });
      },
      { tolerance: kernel === 'ResizeBilinear' ? 'summation' : 'exact' },
    ));

  test('of integers', () =>
    checkFused(
      (b) => {
        const x = b.input({ shape: [1, 3, 4, 4], dtype: 'int32' });
        return b.op(kernel, [x], modes[0], [], [1, 5, 7, 4]);
      },
      { tolerance, targets: ['software'] },
    ));
});
