/**
 * Loops over k divide no integers: GPUs have no instruction for it, and what is divided there is
 * divided for every element that is loaded.
 */
import { compilePlan } from '../../../src/compiler/compile';
import { productTiles } from '../../../src/fused-kernels/product-tiles';
import { kernelTarget, type KernelTarget } from '../../../src/fused-kernels/target';
import { GraphBuilder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import { float } from '../patterns/fuse';
import { defaultFacts } from './target';

/** Loops over k, or over steps of k; those over the slices of a sum are none of them. */
const LOOP = /^( *)(for \(var (step|k|filterRow|filterColumn) = |while \(k < )/;

/** Lines of loops over k that divide. */
function divisionsIn(wgsl: string): string[] {
  const lines = wgsl.split('\n');
  const found: string[] = [];
  lines.forEach((line, first) => {
    const indent = LOOP.exec(line)?.[1];
    if (indent === undefined) return;
    const end = lines.findIndex((other, i) => i > first && other === `${indent}}`);
    found.push(...lines.slice(first, end).filter((inner) => / [/%] /.test(inner)));
  });
  return [...new Set(found)];
}

const plain = { transposeA: false, transposeB: false };
const window = (size: number, stride = 1) => {
  const pad = { top: size >> 1, bottom: size >> 1, left: size >> 1, right: size >> 1 };
  return { strides: [stride, stride], dilations: [1, 1], pad };
};

/** Products, and what may stand in front of them: index maps, of which some divide along k. */
const products: readonly (readonly [string, (b: GraphBuilder) => Value])[] = [
  ['a product', (b) => b.op('BatchMatMul', [float(b, 70, 132), float(b, 132, 68)], plain)],
  ['odd sizes', (b) => b.op('BatchMatMul', [float(b, 37, 101), float(b, 101, 45)], plain)],
  [
    'both transposed, batches',
    (b) =>
      b.op('BatchMatMul', [float(b, 3, 36, 40), float(b, 1, 33, 36)], {
        transposeA: true,
        transposeB: true,
      }),
  ],
  ['one row', (b) => b.op('BatchMatMul', [float(b, 1, 512), float(b, 512, 68)], plain)],
  [
    'one row, transposed',
    (b) =>
      b.op('BatchMatMul', [float(b, 1, 512), float(b, 68, 512)], { ...plain, transposeB: true }),
  ],
  ['a few rows, shallow', (b) => b.op('BatchMatMul', [float(b, 5, 12), float(b, 12, 68)], plain)],
  [
    'a long sum of few outputs',
    (b) => b.op('BatchMatMul', [float(b, 20, 2000), float(b, 2000, 40)], plain),
  ],
  [
    'heads joined along k',
    (b) => {
      const heads = b.op('Transpose', [float(b, 3, 18, 12)], { perm: [1, 0, 2] });
      return b.op('BatchMatMul', [b.reshape(heads, [18, 36]), float(b, 36, 20)], plain);
    },
  ],
  [
    'heads of odd size joined along k',
    (b) => {
      const heads = b.op('Transpose', [float(b, 3, 18, 7)], { perm: [1, 0, 2] });
      return b.op('BatchMatMul', [b.reshape(heads, [18, 21]), float(b, 21, 20)], plain);
    },
  ],
  [
    'weights repeated along k',
    (b) => {
      const tiled = b.op('Tile', [float(b, 9, 20)], {}, [], [36, 20]);
      return b.op('BatchMatMul', [float(b, 18, 36), tiled], plain);
    },
  ],
  [
    'a concatenation',
    (b) => {
      const parts = [20, 8, 7].map((width) => b.op('Relu', [float(b, 26, width)]));
      const x = b.op('Concat', parts, { axis: 1 });
      return b.op('BatchMatMul', [x, float(b, 35, 24)], plain);
    },
  ],
  [
    'a gated product',
    (b) => {
      const x = float(b, 33, 40);
      const weights = () => b.constant({ shape: [40, 36], dtype: 'float32' }, { handle: {} });
      const [a, c] = [0, 1].map(() => b.op('BatchMatMul', [x, weights()], plain));
      return b.op('Multiply', [b.op('Relu', [a]), c]);
    },
  ],
  ['3×3', (b) => b.op('Conv2D', [float(b, 2, 9, 7, 12), float(b, 3, 3, 12, 20)], window(3))],
  [
    '5×5, stride 2, odd channels',
    (b) => b.op('Conv2D', [float(b, 1, 13, 13, 9), float(b, 5, 5, 9, 7)], window(5, 2)),
  ],
  ['1×1', (b) => b.op('Conv2D', [float(b, 1, 7, 7, 64), float(b, 1, 1, 64, 32)], window(1))],
  [
    'of a single pixel',
    (b) => b.op('Conv2D', [float(b, 1, 1, 1, 16), float(b, 3, 3, 16, 32)], window(3)),
  ],
  [
    'of an image whose channels come first',
    (b) => {
      const x = b.op('Transpose', [float(b, 1, 12, 8, 8)], { perm: [0, 2, 3, 1] });
      return b.op('Conv2D', [x, float(b, 3, 3, 12, 16)], window(3));
    },
  ],
];

const classes = ['nvidia', 'amd', 'intel', 'arm'] as const;

describe.each(classes)('no loop over k divides, on %s', (name) => {
  test.each(products)('%s', (_what, build) => {
    const target = kernelTarget(defaultFacts, name);
    // Every tile there is, and the table's pick.
    const choices: KernelTarget['choose'][] = target.stagesTiles
      ? [undefined, ...[...productTiles.keys()].map((tile) => () => tile)]
      : [undefined];
    for (const choose of choices) {
      const b = new GraphBuilder();
      b.graph.outputs = [build(b)];
      const { dispatches } = compilePlan(b.graph, { ...target, choose }, 'test');
      const lines = dispatches.flatMap(({ program }) => program.wgsl.split('\n'));
      expect(lines.some((line) => LOOP.test(line))).toBe(true);
      expect(dispatches.flatMap(({ program }) => divisionsIn(program.wgsl))).toEqual([]);
    }
  });
});
