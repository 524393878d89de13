/** Integers have no division on a GPU: it is some twenty instructions, and no loop over k may hold one. */
import { compilePlan } from '../../../src/compiler/compile';
import { productTiles } from '../../../src/fused-kernels/product-tiles';
import { GraphBuilder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import { float } from '../patterns/fuse';
import { gpuTarget } from './target';

/** Bodies of the loops of a shader that multiply and add, the outermost of each. */
function loopsOf(wgsl: string): string[] {
  const loops: string[] = [];
  const lines = wgsl.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const indent = /^( *)for /.exec(lines[at])?.[1];
    if (indent === undefined) continue;
    const end = lines.findIndex((line, i) => i > at && line === `${indent}}`);
    const body = lines.slice(at + 1, end).join('\n');
    if (/fma\(|\+= .* \* /.test(body)) loops.push(body);
    at = end;
  }
  return loops;
}

const PAD = { top: 1, bottom: 1, left: 1, right: 1 };
const NONE = { top: 0, bottom: 0, left: 0, right: 0 };

function conv(b: GraphBuilder, x: Value, filter: number[], attrs: object = {}): Value {
  const all = { strides: [1, 1], dilations: [1, 1], pad: PAD, ...attrs };
  return b.op('Conv2D', [x, float(b, ...filter)], all);
}

const cases: Readonly<Record<string, (b: GraphBuilder) => Value>> = {
  'whole vectors': (b) => conv(b, float(b, 1, 28, 28, 64), [3, 3, 64, 64]),
  'channels that are no vectors': (b) => conv(b, float(b, 2, 13, 17, 30), [3, 3, 30, 50]),
  pointwise: (b) => conv(b, float(b, 1, 14, 14, 96), [1, 1, 96, 40], { pad: NONE }),
  'stride 2': (b) => conv(b, float(b, 1, 28, 28, 32), [3, 3, 32, 32], { strides: [2, 2] }),
  dilated: (b) => conv(b, float(b, 1, 28, 28, 12), [5, 3, 12, 32], { dilations: [2, 3] }),
  'three channels': (b) => conv(b, float(b, 1, 64, 64, 3), [7, 7, 3, 64], { strides: [2, 2] }),
  'five channels': (b) => conv(b, float(b, 1, 30, 31, 5), [3, 11, 5, 20]),
  planes: (b) => {
    const x = b.op('Transpose', [float(b, 2, 24, 15, 20)], { perm: [0, 2, 3, 1] });
    return b.op('Transpose', [conv(b, x, [3, 3, 24, 36])], { perm: [0, 3, 1, 2] });
  },
  'a concatenation': (b) => {
    const parts = [float(b, 1, 20, 20, 16), b.op('Relu', [float(b, 1, 20, 20, 20)])];
    return conv(b, b.op('Concat', parts, { axis: 3 }), [3, 3, 36, 24]);
  },
  'something resized and padded': (b) => {
    const attrs = { alignCorners: false, halfPixelCenters: false };
    const x = b.op('ResizeNearestNeighbor', [float(b, 1, 10, 11, 16)], attrs, [], [1, 20, 22, 16]);
    return conv(b, x, [3, 3, 16, 24]);
  },
  transposed: (b) => {
    const attrs = { strides: [2, 2], pad: PAD };
    const inputs = [float(b, 1, 14, 14, 32), float(b, 4, 4, 24, 32)];
    return b.op('Conv2DBackpropInput', inputs, attrs, [], [1, 28, 28, 24]);
  },
  'transposed, ragged': (b) => {
    const attrs = { strides: [3, 2], pad: { top: 1, bottom: 1, left: 0, right: 1 } };
    const inputs = [float(b, 2, 9, 9, 18), float(b, 4, 2, 24, 18)];
    return b.op('Conv2DBackpropInput', inputs, attrs, [], [2, 26, 17, 24]);
  },
};

/** Whose taps move by anything but the same: their quotients are brought up to date by loops. */
const UNEVEN: ReadonlySet<string> = new Set(['something resized and padded']);

describe.each(Object.entries(cases))('%s', (name, build) => {
  const choices = ['32x32x64 4x4 s4', '16x16x64 4x4 s8', '64x64x16 8x4'];
  it.each(choices)('no division, nor a loop in its place, in a loop over k, %s', (choice) => {
    expect(productTiles.has(choice)).toBe(true);
    const b = new GraphBuilder();
    b.graph.outputs = [build(b)];
    const target = { ...gpuTarget, choose: () => choice };
    const shaders = compilePlan(b.graph, target, 'test').dispatches.map(
      ({ program }) => program.wgsl,
    );
    const loops = shaders.flatMap(loopsOf);
    expect(loops.length).toBeGreaterThan(0);
    for (const body of loops) {
      expect(body).not.toMatch(/ [/%] /);
      if (!UNEVEN.has(name)) expect(body).not.toContain('while');
    }
  });
});
