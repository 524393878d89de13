/** Convolutions through workgroup memory, as GPUs run them, over shapes that fit no tile. */
import type { GraphBuilder } from '../../../src/ir/builder';
import type { Shape, Value } from '../../../src/ir/graph';
import { checkFused, labelsOf } from '../../support/differential';

interface Case {
  readonly name: string;
  readonly x: readonly [batch: number, height: number, width: number, channels: number];
  readonly filter: readonly [height: number, width: number, last: number];
  readonly strides?: readonly [number, number];
  readonly dilations?: readonly [number, number];
  readonly pad?: readonly [top: number, bottom: number, left: number, right: number];
}

const attrsOf = ({ strides = [1, 1], dilations = [1, 1], pad = [0, 0, 0, 0] }: Case) => {
  const [top, bottom, left, right] = pad;
  return { strides, dilations, pad: { top, bottom, left, right } };
};

const input = (b: GraphBuilder, shape: Shape): Value => b.input({ shape, dtype: 'float32' });

const cases: readonly Case[] = [
  { name: 'pointwise', x: [1, 6, 6, 32], filter: [1, 1, 32] },
  { name: 'pointwise, odd', x: [2, 5, 7, 13], filter: [1, 1, 19] },
  { name: '3×3', x: [1, 8, 8, 16], filter: [3, 3, 32], pad: [1, 1, 1, 1] },
  {
    name: '3×3, stride 2, batch',
    x: [3, 9, 7, 8],
    filter: [3, 3, 20],
    strides: [2, 2],
    pad: [1, 1, 1, 1],
  },
  { name: 'channels that are no vectors', x: [1, 6, 5, 11], filter: [3, 2, 9], pad: [1, 1, 0, 1] },
  {
    name: 'dilated, asymmetric pad',
    x: [1, 11, 9, 12],
    filter: [3, 3, 8],
    dilations: [2, 3],
    pad: [2, 3, 4, 1],
  },
  {
    name: 'taps that meet no pixel',
    x: [1, 3, 2, 8],
    filter: [3, 5, 12],
    dilations: [3, 1],
    pad: [3, 3, 2, 2],
  },
  { name: 'pad beyond the window', x: [1, 3, 3, 8], filter: [2, 2, 4], pad: [3, 3, 3, 3] },
  { name: 'one row', x: [2, 1, 29, 20], filter: [1, 5, 12], pad: [0, 0, 2, 2] },
  { name: 'the window is the image', x: [12, 3, 4, 8], filter: [3, 4, 17] },
];

/** A tile without slices, and not unrolled: what a software driver compiles soonest. */
const onTiles = {
  targets: ['gpu'],
  overrides: { unrolls: false, choose: () => '32x32x16 4x4' },
} as const;

describe('Conv2D through tiles', () => {
  test.each(cases.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
    const [height, width, channels] = row.filter;
    const plan = await checkFused((b) => {
      const x = input(b, row.x);
      const filter = input(b, [height, width, row.x[3], channels]);
      return b.op('Relu', [
        b.op('Add', [b.op('Conv2D', [x, filter], attrsOf(row)), input(b, [channels])]),
      ]);
    }, onTiles);
    expect(labelsOf(plan)).toEqual(['Conv2D → Add → Relu']);
  });

  /** An image of one pixel is no plane. */
  const planes = cases.filter(({ name }) => name !== 'the window is the image');
  test.each(planes.map((row) => [row.name, row] as const))('planes, %s', async (_name, row) => {
    const [height, width, channels] = row.filter;
    const plan = await checkFused((b) => {
      const [batch, ...plane] = row.x.slice(0, 3);
      const x = b.op('Transpose', [input(b, [batch, row.x[3], ...plane])], {
        perm: [0, 2, 3, 1],
      });
      const filter = input(b, [height, width, row.x[3], channels]);
      const y = b.op('Transpose', [b.op('Conv2D', [x, filter], attrsOf(row))], {
        perm: [0, 3, 1, 2],
      });
      return b.op('Relu', [b.op('Add', [y, input(b, [channels, 1, 1])])]);
    }, onTiles);
    expect(labelsOf(plan)).toHaveLength(1);
  });

  test('a long sum of few outputs is divided among workgroups', async () => {
    const plan = await checkFused(
      (b) => {
        const y = b.op('Conv2D', [input(b, [1, 4, 7, 116]), input(b, [3, 3, 116, 34])], {
          strides: [1, 1],
          dilations: [1, 1],
          pad: { top: 1, bottom: 1, left: 1, right: 1 },
        });
        return b.op('Relu', [b.op('Add', [y, input(b, [34])])]);
      },
      { targets: ['gpu'], overrides: { unrolls: false } },
    );
    expect(labelsOf(plan)).toEqual(['Conv2D', 'Sum → Add → Relu']);
  });

  test('a large window of few channels, four pixels at once', () =>
    checkFused(
      (b) => {
        const x = [input(b, [2, 15, 21, 3]), input(b, [7, 7, 3, 20])];
        const pad = { top: 2, bottom: 3, left: 3, right: 3 };
        return b.op('Conv2D', x, { strides: [2, 2], dilations: [1, 1], pad });
      },
      { targets: ['gpu'], overrides: { busyWorkgroups: 1 } },
    ));
});
