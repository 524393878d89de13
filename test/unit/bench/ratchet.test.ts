import { type Figures, findWorse } from '../../../bench/isa/ratchet';

const FIGURES: Figures = {
  instructionsPerFma: 1.4,
  wholePerFma: 1.5,
  sharedPerFma: 0.15,
  bytesPerFlop: 0.13,
  loads: 4,
  divisions: 0,
  barriers: 2,
  vgprs: 84,
  sgprs: 100,
  spills: 0,
  sharedBytes: 16384,
  waves: 16,
};
const worse = (change: Partial<Figures>): string[] =>
  findWorse({ product: [FIGURES] }, { product: [{ ...FIGURES, ...change }] });

test('better, equal, and what another release of a compiler changes', () => {
  expect(worse({})).toEqual([]);
  expect(worse({ instructionsPerFma: 1.2, vgprs: 60, waves: 20 })).toEqual([]);
  expect(worse({ instructionsPerFma: 1.45, vgprs: 92, loads: 5 })).toEqual([]);
});

test.each<[keyof Figures, number]>([
  ['instructionsPerFma', 1.6],
  ['wholePerFma', 1.7],
  ['sharedPerFma', 0.2],
  ['bytesPerFlop', 0.15],
  ['loads', 8],
  ['divisions', 1],
  ['barriers', 3],
  ['vgprs', 112],
  ['spills', 1],
  ['sharedBytes', 20480],
  ['waves', 12],
])('%s of %d is worse', (name, value) => {
  expect(worse({ [name]: value })).toEqual([
    `product, kernel 1: ${name} ${value}, where it was ${FIGURES[name]}`,
  ]);
});

test('one more kernel is worse; a case that was not there is not', () => {
  const before = { product: [FIGURES] };
  expect(findWorse(before, { product: [FIGURES, FIGURES] })).toEqual([
    'product: 2 kernels, where it was 1',
  ]);
  expect(findWorse(before, { other: [FIGURES] })).toEqual([]);
});
