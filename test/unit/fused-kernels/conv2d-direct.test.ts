/** How a convolution of few channels is divided among workgroups and invocations. */
import { chooseDirectTile } from '../../../src/fused-kernels/conv2d-direct';
import { GraphBuilder } from '../../../src/ir/builder';
import type { Node } from '../../../src/ir/graph';
import { float } from '../patterns/fuse';
import { gpuTarget, softwareTarget } from './target';

/** A convolution of an image of 32 × 32 pixels. */
function convolution(...filter: number[]): Node {
  const b = new GraphBuilder();
  const pad = { top: 0, bottom: 0, left: 0, right: 0 };
  const inputs = [float(b, 1, 32, 32, filter[2]), float(b, ...filter)];
  const { producer } = b.op('Conv2D', inputs, { strides: [1, 1], dilations: [1, 1], pad });
  return producer as Node;
}

describe('tiles of convolutions of few channels', () => {
  it.each([
    [
      '3×3, 32 out',
      [3, 3, 3, 32],
      { lanes: 4, strip: 2, vectors: 8, groups: 1, strips: 32, depth: 27 },
    ],
    // Two workgroups of five and four vectors rather than of eight and one.
    ['36 out', [3, 3, 3, 36], { lanes: 4, strip: 2, vectors: 5, groups: 2, strips: 51, depth: 27 }],
    [
      'single channels',
      [3, 3, 4, 3],
      { lanes: 1, strip: 2, vectors: 3, groups: 1, strips: 85, depth: 36 },
    ],
    // A vector of all 147 elements takes 2,352 bytes: six fit into 16 KiB.
    [
      '7×7, 64 out',
      [7, 7, 3, 64],
      { lanes: 4, strip: 2, vectors: 6, groups: 3, strips: 42, depth: 147 },
    ],
  ])('a GPU: %s', (_name, filter, expected) => {
    expect(chooseDirectTile(convolution(...filter), gpuTarget)).toEqual(expected);
  });

  it('has longer strips where windows are large and pixels many', () => {
    const target = { ...gpuTarget, busyWorkgroups: 8 };
    expect(chooseDirectTile(convolution(7, 7, 3, 64), target)).toMatchObject({ strip: 4 });
    expect(chooseDirectTile(convolution(3, 3, 3, 64), target)).toMatchObject({ strip: 2 });
  });

  it.each([
    ['many channels', [3, 3, 8, 32], gpuTarget],
    ['a filter that does not fit', [32, 32, 2, 4], gpuTarget],
    ['a processor', [3, 3, 3, 32], softwareTarget],
    [
      'a GPU without workgroup memory of its own',
      [3, 3, 3, 32],
      { ...gpuTarget, stagesTiles: false },
    ],
  ])('no tile for %s', (_name, filter, target) => {
    expect(chooseDirectTile(convolution(...filter), target)).toBeNull();
  });
});
