/** The rule about depthwise separable blocks. */
import type { GraphBuilder } from '../../../src/ir/builder';
import type { Shape, Value } from '../../../src/ir/graph';
import { input, rewrite, weight } from './rewritten';

const RULE = 'depthwise-pointwise';
const NO_PAD = { top: 0, bottom: 0, left: 0, right: 0 };
const WINDOW = {
  strides: [2, 1],
  dilations: [1, 2],
  pad: { top: 1, bottom: 1, left: 2, right: 2 },
};

function depthwise(b: GraphBuilder, x: Value, multiplier = 1): Value {
  const filter = weight(b, [3, 3, x.shape[3], multiplier]);
  return b.op('DepthwiseConv2dNative', [x, filter], WINDOW);
}

function conv(b: GraphBuilder, x: Value, columns: number, size = 1, stride = 1): Value {
  const filter = weight(b, [size, size, x.shape[3], columns]);
  const attrs = { strides: [stride, stride], dilations: [1, 1], pad: NO_PAD };
  return b.op('Conv2D', [x, filter], attrs);
}

const biased = (b: GraphBuilder, x: Value): Value =>
  b.op('Add', [x, weight(b, [x.shape[x.shape.length - 1]])]);

/** A block of `shape`, with a bias and relu6 in between. */
const block = (shape: Shape) => (b: GraphBuilder) =>
  biased(b, conv(b, b.op('Relu6', [biased(b, depthwise(b, input(b, shape)))]), 6));

describe(RULE, () => {
  it('makes one kernel of both convolutions and what stands between, the last bias aside', () => {
    const { kernels, nodes, fired } = rewrite(block([2, 9, 8, 12]));
    expect(kernels).toEqual(['DepthwisePointwise', 'Add']);
    expect(fired).toEqual([RULE]);
    const [{ inputs, attrs, outputs }] = nodes;
    expect(inputs.map(({ shape }) => shape)).toEqual([
      [2, 9, 8, 12],
      [3, 3, 12, 1],
      [12, 6],
      [1, 12],
    ]);
    expect(attrs).toMatchObject(WINDOW);
    expect(outputs[0].shape).toEqual([2, 5, 8, 6]);
  });

  it('takes channels that are whole vectors with their multiplier', () => {
    const { kernels } = rewrite((b) => conv(b, depthwise(b, input(b, [1, 8, 8, 3]), 4), 5));
    expect(kernels).toEqual(['DepthwisePointwise']);
  });

  it('takes images and numbers of a pixel as operands', () => {
    const { nodes } = rewrite((b) => {
      const hidden = depthwise(b, input(b, [1, 8, 8, 4]));
      const sum = b.op('Add', [hidden, input(b, [1, 4, 8, 4])]);
      return conv(b, b.op('Multiply', [sum, input(b, [1, 4, 8, 1])]), 8);
    });
    const found = nodes.find(({ kernel }) => kernel === 'DepthwisePointwise');
    expect(found?.inputs.slice(3).map(({ shape }) => shape)).toEqual([
      [32, 4],
      [32, 1],
    ]);
  });

  it('looks through reshapes, at products of all pixels', () => {
    const { kernels } = rewrite((b) => {
      const hidden = b.op('Relu', [depthwise(b, input(b, [1, 8, 8, 8]))]);
      const attrs = { transposeA: false, transposeB: true };
      return b.op('BatchMatMul', [b.reshape(hidden, [32, 8]), weight(b, [6, 8])], attrs);
    });
    expect(kernels).toEqual(['DepthwisePointwise', 'Reshape']);
  });

  it.each<[string, (b: GraphBuilder) => Value | Value[], string[]]>([
    [
      'channels that are no whole vectors',
      (b) => conv(b, depthwise(b, input(b, [1, 8, 8, 6])), 8),
      ['6 hidden channels are no whole vectors of 4'],
    ],
    [
      'more channels than four pixels may have in workgroup memory',
      (b) => conv(b, depthwise(b, input(b, [1, 8, 8, 1028])), 8),
      ['1028 hidden channels are more than 1024'],
    ],
    [
      'a hidden image that is an output',
      (b) => {
        const hidden = b.op('Relu', [depthwise(b, input(b, [1, 8, 8, 8]))]);
        return [hidden, conv(b, hidden, 8)];
      },
      ['its hidden image is needed elsewhere as well'],
    ],
    [
      'a hidden image that another kernel reads, as a squeeze-and-excite block does',
      (b) => {
        const hidden = b.op('Relu', [depthwise(b, input(b, [1, 8, 8, 8]))]);
        const mean = b.op('Mean', [hidden], { axes: [1, 2], keepDims: true });
        return conv(b, b.op('Multiply', [hidden, b.op('Sigmoid', [mean])]), 8);
      },
      ['its hidden image is needed elsewhere as well'],
    ],
    [
      'two depthwise convolutions',
      (b) => {
        const [x, y] = [0, 1].map(() => depthwise(b, input(b, [1, 8, 8, 8])));
        return conv(b, b.op('Add', [x, y]), 8);
      },
      ['its hidden image joins two depthwise convolutions'],
    ],
    [
      'operands that are of neither pixels nor channels',
      (b) => {
        const hidden = depthwise(b, input(b, [1, 8, 8, 8]));
        return conv(b, b.op('Multiply', [hidden, input(b, [1, 1, 8, 8])]), 8);
      },
      ['its operand [1,1,8,8] is neither one a row nor one a column of [1,4,8,8]'],
    ],
    [
      'a window of more than a pixel',
      (b) => conv(b, depthwise(b, input(b, [1, 8, 8, 8])), 8, 2),
      [],
    ],
    ['a stride', (b) => conv(b, depthwise(b, input(b, [1, 8, 8, 8])), 8, 1, 2), []],
    [
      'a filter that is computed',
      (b) => {
        const x = input(b, [1, 8, 8, 8]);
        const filter = input(b, [3, 3, 8, 1]);
        return conv(b, b.op('DepthwiseConv2dNative', [x, filter], WINDOW), 8);
      },
      [],
    ],
  ])('refuses %s', (_what, write, expected) => {
    const { kernels, reasons } = rewrite(write);
    expect(kernels).not.toContain('DepthwisePointwise');
    expect(reasons(RULE)).toEqual(expected);
  });

  it('takes as many channels as there may be', () => {
    const { kernels } = rewrite((b) => conv(b, depthwise(b, input(b, [1, 8, 8, 1024])), 8));
    expect(kernels).toEqual(['DepthwisePointwise']);
  });

  describe('where products stage tiles', () => {
    const target = { stagesTiles: true, busyWorkgroups: 256 };
    /** A block of size² pixels, all windows of which are inside the image. */
    const separable = (size: number, channels: number, columns: number) => (b: GraphBuilder) => {
      const attrs = { strides: [1, 1], dilations: [1, 1], pad: NO_PAD };
      const x = input(b, [1, size, size, channels]);
      const hidden = b.op('DepthwiseConv2dNative', [x, weight(b, [1, 1, channels, 1])], attrs);
      return conv(b, b.op('Relu6', [hidden]), columns);
    };

    it.each([
      [112, 32, 16],
      [56, 144, 24],
      [14, 384, 64],
    ])('takes %d² pixels of %d → %d channels', (...sizes) => {
      expect(rewrite(separable(...sizes), target).kernels).toEqual(['DepthwisePointwise']);
    });

    it.each<[readonly [number, number, number], string]>([
      [[14, 512, 512], '262144 weights, which every workgroup would read, are more than 32768'],
      [
        [56, 128, 128],
        '51380224 multiply-adds are more than 16777216: tiles of a product of its own are faster',
      ],
    ])('leaves %j to two kernels', (sizes, reason) => {
      const { kernels, reasons } = rewrite(separable(...sizes), target);
      expect(kernels).toEqual(['DepthwiseConv2dNative', 'Relu6', 'Conv2D']);
      expect(reasons(RULE)).toEqual([reason]);
      expect(rewrite(separable(...sizes)).kernels).toEqual(['DepthwisePointwise']);
    });
  });

  it('ends where a kernel could not bind more', () => {
    expect(rewrite(block([1, 8, 8, 8]), { maxStorageBuffers: 5 }).kernels).toEqual([
      'DepthwisePointwise',
      'Add',
    ]);
    const { kernels, reasons } = rewrite(block([1, 8, 8, 8]), { maxStorageBuffers: 4 });
    expect(kernels).not.toContain('DepthwisePointwise');
    expect(reasons(RULE)).toEqual(['5 storage buffers are more than 4']);
  });
});
