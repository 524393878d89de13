import { conv, float, fuse } from './fuse';

describe('kernels store their parts of a concatenation', () => {
  test('and nothing is copied', () => {
    const { groups, fused } = fuse((b) => {
      const x = float(b, 1, 4, 4, 3);
      return b.op('Concat', [b.op('Relu', [conv(b, x, 8)]), conv(b, x, 4)], { axis: 3 });
    });
    expect(groups).toEqual(['Conv2D → Relu', 'Conv2D']);
    const windows = [...fused.windows.values()];
    expect(windows.map(({ axis, begin }) => [axis, begin])).toEqual([
      [3, 0],
      [3, 8],
    ]);
  });

  test('inside another one', () => {
    const { fused } = fuse((b) => {
      const x = float(b, 1, 4, 4, 3);
      const inner = b.op('Concat', [conv(b, x, 8), conv(b, x, 4)], { axis: 3 });
      return b.op('Concat', [conv(b, x, 2), inner], { axis: 3 });
    });
    expect([...fused.windows.values()].map(({ begin }) => begin)).toEqual([0, 8, 0, 2]);
  });

  test('in another layout, where only the concatenation reads it', () => {
    const { groups } = fuse((b) => {
      const x = float(b, 1, 4, 4, 3);
      const rows = [8, 4].map((channels) => b.reshape(conv(b, x, channels), [4 * channels, 4]));
      return b.op('Concat', rows, { axis: 0 });
    });
    expect(groups).toEqual(['Conv2D → Reshape', 'Conv2D → Reshape']);
  });
});

test('a layout that only a copied part is in is not stored beside the result', () => {
  const { groups } = fuse((b) => {
    const x = float(b, 1, 4, 4, 3);
    const whole = conv(b, x, 4);
    const rows = b.reshape(whole, [16, 4]);
    const copied = b.op('Concat', [rows, float(b, 2, 4)], { axis: 0 });
    return [b.op('BatchMatMul', [copied, float(b, 4, 5)], { transposeA: false, transposeB: false }), b.op('MaxPool', [whole], { filterSize: [2, 2], strides: [2, 2], dilations: [1, 1], pad: { top: 0, bottom: 0, left: 0, right: 0 } })]; // prettier-ignore
  });
  expect(groups).toEqual(['Conv2D', 'BatchMatMul', 'MaxPool']);
});

describe('parts are copied, with the reason:', () => {
  const cases: [string, Parameters<typeof fuse>[0], RegExp][] = [
    [
      'a graph input',
      (b) => {
        const x = float(b, 1, 4, 4, 3);
        return b.op('Concat', [x, conv(b, x, 4)], { axis: 3 });
      },
      /^concat: .* is stored already$/,
    ],
    [
      'a part that occurs twice',
      (b) => {
        const x = conv(b, float(b, 1, 4, 4, 3), 4);
        return b.op('Concat', [x, x], { axis: 3 });
      },
      /^concat: one value is concatenated twice$/,
    ],
    [
      'an output',
      (b) => {
        const x = conv(b, float(b, 1, 4, 4, 3), 4);
        return [x, b.op('Concat', [x, conv(b, float(b, 1, 4, 4, 3), 4)], { axis: 3 })];
      },
      /^concat: .* is an output with a buffer of its own$/,
    ],
    [
      'a part of two concatenations',
      (b) => {
        const [x, y, z] = [1, 2, 3].map(() => conv(b, float(b, 1, 4, 4, 3), 4));
        return [b.op('Concat', [x, y], { axis: 3 }), b.op('Concat', [x, z], { axis: 3 })];
      },
      /^concat: .* lives in another concatenation$/,
    ],
    [
      'a kernel that reads one part and writes another',
      (b) => {
        const x = conv(b, float(b, 1, 4, 4, 3), 4);
        return b.op('Concat', [x, conv(b, x, 4)], { axis: 3 });
      },
      /^concat: the kernel of .* reads another part, and may not read what it writes$/,
    ],
    [
      'what no kernel stores',
      (b) => {
        const x = conv(b, float(b, 1, 4, 4, 3), 4);
        return b.op('Concat', [x, b.op('Reverse', [x], { dims: [1] })], { axis: 3 });
      },
      /^concat: .* is not stored by a kernel$/,
    ],
  ];
  test.each(cases)('%s', (_name, build, reason) => {
    const { fused, refusals } = fuse(build);
    expect(refusals).toContainEqual(expect.stringMatching(reason));
    const concats = new Set([...fused.windows.values()].map(({ buffer }) => buffer));
    expect(concats.size).toBeLessThanOrEqual(1);
  });
});
