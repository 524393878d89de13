/** How an attention is divided among workgroups and invocations. */
import {
  ATTENTION_TILES,
  invocationsOf,
  memoryOf,
  rankTiles,
} from '../../../src/fused-kernels/attention/tile';
import { gpuTarget } from './target';

/** Limits of a device with more workgroup memory than each has. */
const roomy = { ...gpuTarget, workgroupMemory: 49152 };

/** Square attentions: as many queries as keys. */
const sizesOf = (heads: number, length: number, depth: number, width = depth) => ({
  batch: [heads],
  heads,
  queries: length,
  keys: length,
  depth,
  width,
});

test('each tile has what every device has, but for those of many rows and wide heads', () => {
  const limits = ATTENTION_TILES.map((tile) => [tile.name, memoryOf(tile), invocationsOf(tile)]);
  expect(limits).toEqual([
    ['64×32', 35840, 128],
    ['32×64', 36864, 128],
    ['32×32', 23552, 128],
    ['32×16', 15872, 64],
    ['16×32', 16384, 64],
    ['32×32 wide', 39936, 128],
    ['64×32 narrow', 23552, 128],
    ['32×32 narrow', 14336, 64],
  ]);
});

test.each([
  ['the memory that every device has', sizesOf(8, 1024, 64), gpuTarget, '32×16'],
  ['the same, but few rows', sizesOf(8, 512, 64), gpuTarget, '16×32'],
  ['more memory, and rows enough', sizesOf(16, 1024, 64), roomy, '64×32'],
  ['more memory, and fewer rows', sizesOf(8, 512, 64), roomy, '32×64'],
  ['keys and rows that do not fill a larger tile', sizesOf(128, 77, 64), roomy, '32×16'],
  ['some more memory', sizesOf(8, 1024, 64), { ...gpuTarget, workgroupMemory: 32768 }, '32×32'],
  ['more memory, but few rows', sizesOf(8, 128, 64), roomy, '16×32'],
  [
    'few rows, but a device that is busy with them',
    sizesOf(8, 192, 64),
    { ...roomy, busyWorkgroups: 24 },
    '64×32',
  ],
  [
    'invocations of compatibility mode',
    sizesOf(8, 1024, 64),
    { ...roomy, maxInvocations: 64 },
    '32×16',
  ],
  ['heads of 32', sizesOf(8, 512, 32), roomy, '32×32 narrow'],
  ['heads of 32, and many rows', sizesOf(16, 1024, 32), roomy, '64×32 narrow'],
  ['heads of 32, values of 64', sizesOf(8, 2048, 32, 64), roomy, '64×32'],
  ['heads of 128', sizesOf(8, 512, 128), roomy, '32×32 wide'],
  ['heads of 128 in the memory that every device has', sizesOf(8, 2048, 128), gpuTarget, '16×32'],
  ['one query', { ...sizesOf(8, 512, 64), queries: 1 }, roomy, '16×32'],
])('%s', (_name, sizes, target, name) => {
  const ranked = rankTiles(sizes, target);
  expect(ranked[0].name).toBe(name);
  // The others that are legal follow, so that each can be measured.
  const legal = ATTENTION_TILES.filter(
    (tile) =>
      memoryOf(tile) <= target.workgroupMemory && invocationsOf(tile) <= target.maxInvocations,
  );
  expect(new Set(ranked)).toEqual(new Set(legal));
});
