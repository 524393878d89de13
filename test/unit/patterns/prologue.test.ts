import { conv, float, fuse } from './fuse';

const PADDINGS = [
  [0, 0],
  [1, 1],
  [1, 1],
  [0, 0],
];

describe('is computed while it is loaded:', () => {
  const cases: [string, Parameters<typeof fuse>[0], string[]][] = [
    [
      'padding in front of a convolution',
      (b) => {
        const attrs = { paddings: PADDINGS, constantValue: 0 };
        return conv(b, b.op('PadV2', [float(b, 1, 4, 4, 3)], attrs), 8);
      },
      ['Conv2D'],
    ],
    [
      'a chain of movements in front of a reduction',
      (b) => {
        const x = b.transpose(b.slice(float(b, 9, 9), [1, 1], [8, 8]), [1, 0]);
        return b.op('Sum', [x], { axes: [0], keepDims: false });
      },
      ['Sum'],
    ],
    [
      'an elementwise operand of a reduction',
      (b) => b.op('Sum', [b.op('Square', [float(b, 9, 9)])], { axes: [0], keepDims: false }),
      ['Sum'],
    ],
    [
      'a small gate in front of a loop',
      (b) => b.op('Multiply', [float(b, 4, 4, 8), b.op('Relu', [float(b, 8)])]),
      ['Multiply'],
    ],
    [
      'a concatenation in front of a convolution, whatever its parts are',
      (b) => {
        const parts = [3, 4, 5, 6].map((channels) => float(b, 1, 64, 64, channels));
        return conv(b, b.op('Concat', parts, { axis: 3 }), 32);
      },
      ['Conv2D'],
    ],
    [
      'what the convolutions of a dense block read',
      (b) => {
        const parts = [conv(b, float(b, 1, 64, 64, 3), 8)];
        for (let layer = 0; layer < 3; layer++) {
          const all = layer === 0 ? parts[0] : b.op('Concat', [...parts], { axis: 3 });
          parts.push(b.op('Relu', [conv(b, all, 8)]));
        }
        return conv(b, b.op('Concat', parts, { axis: 3 }), 8);
      },
      ['Conv2D', 'Conv2D → Relu', 'Conv2D → Relu', 'Conv2D → Relu', 'Conv2D'],
    ],
  ];
  test.each(cases)('%s', (_name, build, groups) => expect(fuse(build).groups).toEqual(groups));
});

describe('gets a loop of its own:', () => {
  test('an output that is read as well', () => {
    const { groups } = fuse((b) => {
      const x = b.op('Relu', [float(b, 1, 4, 4, 3)]);
      return [x, conv(b, x, 8)];
    });
    expect(groups).toEqual(['Relu', 'Conv2D']);
  });

  test('what would be computed too often', () => {
    const { groups, refusals } = fuse((b) => {
      const a = b.op('Exp', [b.op('Tanh', [float(b, 1024, 1024)])]);
      return b.op('BatchMatMul', [a, float(b, 1024, 1024)], {
        transposeA: false,
        transposeB: false,
      });
    });
    expect(groups).toEqual(['Exp', 'BatchMatMul']);
    expect(refusals.join()).toMatch(/recomputing it \d+ times an element costs more than storing/);
  });

  test('a concatenation of many parts that is not read part by part', () => {
    const { groups } = fuse((b) => {
      const parts = [3, 4, 5].map((rows) => float(b, 1, 128, 128, rows));
      const turned = parts.map((part) => b.transpose(part, [0, 3, 1, 2]));
      return conv(b, b.op('Concat', turned, { axis: 1 }), 256);
    });
    expect(groups).toEqual(['Concat', 'Conv2D']);
  });

  test('one side of a loop that follows another', () => {
    const { groups } = fuse((b) => {
      const x = b.op('Add', [float(b, 64), b.scalar(1)]);
      return [x, b.op('Relu', [x]), b.op('Neg', [x])];
    });
    expect(groups).toEqual(['Add → Relu → Neg']);
  });
});
