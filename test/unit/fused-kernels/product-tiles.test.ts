/** Which tile a product gets, on devices that like few large ones and on those that like others. */
import {
  chooseProduct,
  productTiles,
  rankProducts,
  tileBytes,
  type ProductShape,
} from '../../../src/fused-kernels/product-tiles';
import { kernelTarget } from '../../../src/fused-kernels/target';
import { defaultFacts, gpuTarget, softwareTarget } from './target';

const shape = (
  [rows, depth, columns]: readonly [number, number, number],
  { batch = 1, taps = 1, pair = false } = {},
): ProductShape => ({ batch, rows, columns, depth, taps, pair });

const nine = { taps: 9 };

describe('the table picks', () => {
  it.each([
    ['2048³', shape([2048, 2048, 2048]), '64x64x16 8x4'],
    ['1024³', shape([1024, 1024, 1024]), '64x64x32 8x4'],
    ['1000³', shape([1000, 1000, 1000]), '64x64x32 8x4'],
    ['512³', shape([512, 512, 512]), '32x32x64 8x4 s4'],
    ['128·768·3072', shape([128, 768, 3072]), '32x32x64 8x4 s4'],
    ['128·256·1024', shape([128, 256, 1024]), '16x32x64 4x4 s4'],
    ['64·256·256', shape([64, 256, 256]), '16x16x64 4x4 s8'],
    ['32·2048·2048', shape([32, 2048, 2048]), '32x32x32 4x4 s2 z8'],
    ['197·333·511', shape([197, 333, 511]), '16x32x64 4x4 s4'],
    ['8·(512·64·512)', shape([512, 64, 512], { batch: 8 }), '64x64x16 8x4'],
    ['8·(512·512·64)', shape([512, 512, 64], { batch: 8 }), '32x32x64 8x4 s4'],
    ['1×1, 56², 64→256', shape([3136, 64, 256]), '32x64x32 4x4 s2'],
    ['1×1, 28², 128→512', shape([784, 128, 512]), '16x64x32 4x4 s2'],
    ['1×1, 7², 960→320', shape([49, 960, 320]), '16x16x64 4x4 s8'],
    ['3×3, 112², 32→64', shape([12544, 32, 64], nine), '32x64x32 4x4 s2'],
    // Half of a tile of 64 columns would be empty.
    ['3×3, 128², 32→32', shape([16384, 32, 32], nine), '64x32x32 4x4 s2'],
    ['1×1, 56², 24→144', shape([3136, 24, 144]), '32x32x16 4x4'],
    ['3×3, 28², 128→128', shape([784, 128, 128], nine), '16x32x64 4x4 s4'],
    // A network has many such layers: what dividing its sums wins, the dispatch more takes.
    ['3×3, 14², 256→256', shape([196, 256, 256], nine), '16x32x64 4x4 s4'],
    ['3×3, 7², 512→512', shape([49, 512, 512], nine), '32x32x32 4x4 s2 z8'],
    ['3×3, 8·56², 64→64', shape([25088, 64, 64], nine), '64x64x32 8x4'],
    ['3×3, 8·14², 256→256', shape([1568, 256, 256], nine), '32x32x64 8x4 s4'],
    ['3×3, 8·7², 512→512', shape([392, 512, 512], nine), '32x32x32 4x4 s2 z5'],
  ])('%s', (_name, sizes, expected) => {
    expect(chooseProduct(sizes, gpuTarget)?.name).toBe(expected);
  });

  test('smaller tiles of an invocation where that keeps more of them running', () => {
    const amd = kernelTarget(defaultFacts, 'amd');
    expect(chooseProduct(shape([2048, 2048, 2048]), amd)?.name).toBe('64x64x32 4x4');
  });

  test('large tiles sooner on devices that are busy sooner', () => {
    const integrated = kernelTarget(defaultFacts, 'intel');
    expect(chooseProduct(shape([512, 512, 512]), integrated)?.name).toBe('64x64x32 8x4');
    expect(chooseProduct(shape([128, 2048, 512]), integrated)?.parts).toBeLessThan(4);
  });

  test('shorter steps for a pair of products, whose sums are never divided', () => {
    const pair = chooseProduct(shape([32, 2048, 2048], { pair: true }), gpuTarget);
    expect(pair).toMatchObject({ tile: { depth: 16 }, parts: 1 });
  });
});

describe('no tile', () => {
  it.each([
    ['a processor', shape([512, 512, 512]), softwareTarget],
    [
      'a GPU without workgroup memory of its own',
      shape([512, 512, 512]),
      kernelTarget(defaultFacts, 'arm'),
    ],
    ['few rows', shape([8, 512, 512]), gpuTarget],
    ['hardly any memory', shape([512, 512, 512]), { ...gpuTarget, workgroupMemory: 1024 }],
  ])('for %s', (_name, sizes, target) => {
    expect(chooseProduct(sizes, target)).toBeNull();
  });
});

describe('every candidate', () => {
  const legal = [
    ["WebGPU's default limits", gpuTarget],
    ['a compatibility device', kernelTarget({ ...defaultFacts, maxInvocations: 128 }, 'nvidia')],
    ['AMD', kernelTarget(defaultFacts, 'amd')],
  ] as const;
  const shapes = [
    shape([1024, 1024, 1024]),
    shape([32, 2048, 2048], { pair: true }),
    shape([49, 512, 512], nine),
    shape([9, 3, 1], { batch: 5 }),
  ];
  it.each(legal)('fits %s', (_name, target) => {
    for (const sizes of shapes) {
      const ranked = rankProducts(sizes, target);
      expect(ranked.length).toBeGreaterThan(1);
      for (const { tile } of ranked) {
        expect(tile.invocations).toBeLessThanOrEqual(target.maxInvocations);
        expect(tileBytes(tile, sizes.pair)).toBeLessThanOrEqual(target.workgroupMemory);
        // A slice has at least a vector of each step.
        expect(tile.depth / 4 / tile.slices).toBeGreaterThanOrEqual(1);
      }
    }
  });

  test('can be chosen by name', () => {
    for (const name of productTiles.keys()) {
      const target = { ...gpuTarget, choose: () => name };
      expect(chooseProduct(shape([512, 512, 512]), target)?.name).toBe(name);
    }
  });
});
