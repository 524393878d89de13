import * as fc from 'fast-check';
import { IntSequence, SequenceMap } from '../../../src/eager/int-sequence';

function sequence(ints: readonly number[]): IntSequence {
  const made = new IntSequence();
  for (const value of ints) made.push(value);
  return made;
}

const ints = fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 12 });

test('sequences are found again exactly where they are equal', () => {
  fc.assert(
    fc.property(fc.array(ints), ints, (known, wanted) => {
      const map = new SequenceMap<string>();
      for (const list of known) if (!map.get(sequence(list))) map.add(sequence(list), list.join());
      const isKnown = known.some((list) => list.join() === wanted.join());
      expect(map.get(sequence(wanted))).toBe(isKnown ? wanted.join() : undefined);
    }),
  );
});

test('equal hashes are told apart', () => {
  const map = new SequenceMap<string>();
  const [a, b] = [sequence([1, 2]), sequence([3, 4])];
  b.hash = a.hash;
  map.add(a, 'a');
  map.add(b, 'b');
  expect([map.get(a), map.get(b), map.size]).toEqual(['a', 'b', 2]);
  map.remove(a.hash, 'a');
  expect([map.get(a), map.get(b), map.size]).toEqual([undefined, 'b', 1]);
});

test('all bits of a number count', () => {
  const keys = [0, -0, 1, NaN, Infinity, 1 + Number.EPSILON].map((value) => {
    const key = new IntSequence();
    key.pushNumber(value);
    return key.take().join();
  });
  expect(new Set(keys).size).toBe(keys.length);
});

test('a sequence outgrows its buffer and can be used again', () => {
  const long = sequence(Array.from({ length: 1000 }, (_, i) => i));
  expect(long.take()[999]).toBe(999);
  long.clear();
  long.push(7);
  expect([long.hash, ...long.take()]).toEqual([sequence([7]).hash, 7]);
});
