/** How a depthwise separable block is divided, on a processor and on a GPU. */
import { chooseBlockTile } from '../../../src/fused-kernels/depthwise-pointwise-tile';
import { GraphBuilder } from '../../../src/ir/builder';
import type { Shape } from '../../../src/ir/graph';
import { float } from '../patterns/fuse';
import { softwareTarget } from './target';

const gpuTarget = {
  ...softwareTarget,
  busyInvocations: 16384,
  blockInvocations: 64,
  blockMemory: 4096,
};

/** The tile of a block on an image of `size` × `size` pixels, without the rest of its record. */
function tileOf(target: typeof softwareTarget, [size, channels, columns]: Shape, stride = 1) {
  const b = new GraphBuilder();
  const inputs = [
    float(b, 1, size, size, channels),
    float(b, 3, 3, channels, 1),
    float(b, channels, columns),
  ];
  const pad = { top: 1, bottom: 1, left: 1, right: 1 };
  const attrs = { strides: [stride, stride], dilations: [1, 1], pad };
  const { producer } = b.op('DepthwisePointwise', inputs, {
    ...attrs,
    activation: { kind: 'input', index: 0, type: 'float32' },
  });
  if (!producer) throw new Error('no block');
  const { strip, pixels, rows, length, workgroups, invocations } = chooseBlockTile(
    producer,
    target,
  );
  return { strip, pixels, rows, length, workgroups, invocations };
}

describe('tiles of depthwise separable blocks', () => {
  const [strip, rows, length, invocations] = [4, 4, 1024, 8];
  it.each([
    [[112, 32, 16], { strip, pixels: 64, rows, length, workgroups: 196, invocations }],
    [[56, 144, 24], { strip, pixels: 16, rows, length, workgroups: 196, invocations }],
    [[14, 384, 64], { strip, pixels: 8, rows, length, workgroups: 28, invocations }],
    [[7, 960, 160], { strip, pixels: 4, rows, length, workgroups: 14, invocations }],
    // Rows of 13 are not lengthened to 16.
    [[13, 8, 8], { strip: 2, pixels: 16, rows, length, workgroups: 12, invocations }],
    [[1, 8, 8], { strip: 1, pixels: 1, rows: 1, length, workgroups: 1, invocations: 64 }],
  ])('a processor: %j', (sizes, expected) => {
    expect(tileOf(softwareTarget, sizes)).toEqual(expected);
  });

  it.each([
    [
      [112, 32, 16],
      { strip: 4, pixels: 32, rows: 2, length: 256, workgroups: 392, invocations: 64 },
    ],
    [[28, 192, 192], { strip: 2, pixels: 2, rows: 1, workgroups: 392, invocations: 64 }],
    // As many workgroups as pixels, and larger ones where that is still too few.
    [[14, 384, 64], { strip: 1, pixels: 1, rows: 1, workgroups: 196, invocations: 128 }],
    [
      [7, 960, 160],
      { strip: 1, pixels: 1, rows: 1, length: 256, workgroups: 49, invocations: 256 },
    ],
  ])('a GPU, which needs many workgroups: %j', (sizes, expected) => {
    expect(tileOf(gpuTarget, sizes)).toMatchObject(expected);
  });

  it('shares less between neighbours that are two pixels apart', () => {
    expect(tileOf(softwareTarget, [56, 144, 24], 2)).toMatchObject({ strip: 2, pixels: 16 });
  });
});
