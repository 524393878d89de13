import { conv, float, fuse } from './fuse';

describe('an anchor takes in', () => {
  test('bias and activation', () => {
    const { groups, refusals } = fuse((b) => {
      const x = conv(b, float(b, 1, 4, 4, 3), 8);
      return b.op('Relu6', [b.op('Add', [x, float(b, 8)])]);
    });
    expect(groups).toEqual(['Conv2D → Add → Relu6']);
    expect(refusals).toEqual([]);
  });

  test('a diamond of its own', () => {
    const { groups } = fuse((b) => {
      const x = conv(b, float(b, 1, 4, 4, 3), 8);
      return b.op('Multiply', [x, b.op('Sigmoid', [x])]);
    });
    expect(groups).toEqual(['Conv2D → Sigmoid → Multiply']);
  });

  test('what follows a layout change', () => {
    const { groups } = fuse((b) => {
      const x = conv(b, float(b, 1, 4, 4, 3), 8);
      return b.op('Relu', [b.reshape(x, [16, 8])]);
    });
    expect(groups).toEqual(['Conv2D → Reshape → Relu']);
  });

  test('two outputs, and stores both', () => {
    const { groups, fused } = fuse((b) => {
      const x = conv(b, float(b, 1, 4, 4, 3), 8);
      return [x, b.op('Relu', [x])];
    });
    expect(groups).toEqual(['Conv2D → Relu']);
    expect(fused.groups[0].stores.map(({ producer }) => producer?.kernel)).toEqual([
      'Conv2D',
      'Relu',
    ]);
  });

  test('a value that another kernel reads as well, and stores it for that', () => {
    const { groups, fused } = fuse((b) => {
      const x = b.op('Relu', [conv(b, float(b, 1, 4, 4, 3), 8)]);
      return conv(b, x, 4);
    });
    expect(groups).toEqual(['Conv2D → Relu', 'Conv2D']);
    expect(fused.groups.map(({ stores }) => stores.length)).toEqual([1, 1]);
  });
});

describe('a residual', () => {
  test('joins the kernel that runs last', () => {
    const { groups } = fuse((b) => {
      const x = b.op('Relu', [conv(b, float(b, 1, 4, 4, 3), 8)]);
      return b.op('Add', [x, conv(b, x, 8)]);
    });
    expect(groups).toEqual(['Conv2D → Relu', 'Conv2D → Add']);
  });

  test('is refused to the first, with the reason', () => {
    const { refusals } = fuse((b) => {
      const x = conv(b, float(b, 1, 4, 4, 3), 8);
      return b.op('Add', [x, conv(b, x, 8)]);
    });
    expect(refusals).toEqual([
      expect.stringMatching(
        /^epilogue: its operand .* is computed from this result by another kernel$/,
      ),
    ]);
  });

  test('never makes two kernels need each other', () => {
    const { groups } = fuse((b) => {
      const first = conv(b, float(b, 1, 4, 4, 3), 8);
      const cut = b.slice(first, [0, 0, 0, 0], [1, 3, 4, 8]);
      const second = conv(b, float(b, 1, 4, 4, 3), 8);
      const paddings = [
        [0, 0],
        [0, 1],
        [0, 0],
        [0, 0],
      ];
      const padded = b.op('PadV2', [cut], { paddings, constantValue: 0 });
      return [b.op('Add', [first, second]), b.op('Sub', [second, padded])];
    });
    // The sum is with the first kernel, which so needs the second: not the other way round, too.
    expect(groups).toEqual(['Conv2D', 'Conv2D → Add', 'Sub']);
  });
});

describe('is refused, with the reason:', () => {
  const cases: [string, Parameters<typeof fuse>[0], string][] = [
    [
      'a result that is broadcast up',
      (b) => b.op('Add', [conv(b, float(b, 1, 4, 4, 3), 8), float(b, 5, 4, 4, 8)]),
      "epilogue: the output [5,4,4,8] is larger than the anchor's [1,4,4,8]",
    ],
    [
      'a result that meets itself in another layout',
      (b) => {
        const x = b.reshape(conv(b, float(b, 1, 4, 4, 3), 16), [16, 16]);
        return b.op('Add', [x, b.transpose(x, [1, 0])]);
      },
      'epilogue: its operands are the same result in different layouts',
    ],
  ];
  test.each(cases)('%s', (_name, build, refusal) => {
    expect(fuse(build).refusals).toContain(refusal);
  });

  test('more operands than buffers', () => {
    const { groups, refusals } = fuse((b) => {
      let x = conv(b, float(b, 1, 4, 4, 3), 8);
      for (let i = 0; i < 4; i++) x = b.op('Add', [x, float(b, 1, 4, 4, 8)]);
      return x;
    }, 5);
    expect(groups).toEqual(['Conv2D → Add → Add', 'Add']);
    expect(refusals).toContain('epilogue: it would bind more than 5 storage buffers');
  });
});
