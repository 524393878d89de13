import { LruMap } from '../../../src/ir/lru-map';

function mapOf(limits: { entries: number; weight?: number }) {
  const forgotten: string[] = [];
  const map = new LruMap<string, number>({
    ...limits,
    weightOf: (value) => value,
    onForget: (_value, key) => void forgotten.push(key),
  });
  return { map, forgotten };
}

test('what was not used for longest goes', () => {
  const { map, forgotten } = mapOf({ entries: 3 });
  for (const key of ['a', 'b', 'c']) map.set(key, 1);
  expect(map.get('a')).toBe(1);
  map.set('d', 1);
  expect(forgotten).toEqual(['b']);
  expect([...map.keys()]).toEqual(['c', 'a', 'd']);
});

test('the last one stays, whatever it weighs', () => {
  const { map, forgotten } = mapOf({ entries: 10, weight: 100 });
  map.set('a', 60);
  map.set('b', 40);
  expect(forgotten).toEqual([]);
  map.set('c', 1000);
  expect(forgotten).toEqual(['a', 'b']);
  expect(map.latest).toBe(1000);
});

test('a value that is replaced is forgotten; one that is deleted is not', () => {
  const { map, forgotten } = mapOf({ entries: 3 });
  map.set('a', 1);
  map.set('a', 2);
  expect(forgotten).toEqual(['a']);
  map.delete('a');
  expect(forgotten).toEqual(['a']);
  expect(map.latest).toBeUndefined();
  map.set('b', 3);
  map.clear();
  expect(forgotten).toEqual(['a', 'b']);
  expect(map.size).toBe(0);
});
