/** Drawings that are larger than what is seen at once: long chains, steps of training, many flushes. */
import { arrange, islands, type Box, type Flow, type Size } from '../../../src/html/page/arrange';
import { fold } from '../../../src/html/page/fold';
import { arrangeInOrder, orderOf, strandsOf } from '../../../src/html/page/in-order';
import { joinInputs } from '../../../src/html/page/join-inputs';
import { pack } from '../../../src/html/page/pack';
import type { GraphUnit } from '../../../src/html/page/units';

const ROOM: Size = { width: 1000, height: 700 };
const SIZE: Size = { width: 160, height: 46 };
const APART = { nodesep: 26, ranksep: 38 };

/** Boxes 0 to `count` - 1, each of which reads the one before. */
function chain(count: number): { sizes: Map<number, Size>; flows: Flow<number>[] } {
  const numbers = Array.from({ length: count }, (_, at) => at);
  return {
    sizes: new Map(numbers.map((at) => [at, SIZE])),
    flows: numbers.slice(1).map((at) => [at - 1, at] as const),
  };
}

/** The same, and each box of the second half reads its like of the first, as gradients do. */
function thereAndBack(count: number): ReturnType<typeof chain> {
  const { sizes, flows } = chain(count);
  const back = flows.slice(count / 2).map(([, at]) => [count - 1 - at, at] as const);
  return { sizes, flows: [...flows, ...back] };
}

test('a long chain stands in columns that fill the room, and its lines lead on from one to the next', () => {
  const { sizes, flows } = chain(60);
  const tall = arrange(sizes, flows, APART);
  expect(tall.height).toBeGreaterThan(4 * ROOM.height);
  const folded = fold(tall, ROOM);
  expect(folded.width).toBeLessThanOrEqual(ROOM.width);
  expect(folded.height).toBeLessThan(tall.height / 3);
  expectApart([...folded.boxes.values()]);
  expectToMeet(folded);
  expect(fold(tall, { width: 300, height: 700 })).toBe(tall);
});

test('what keeps many values for its way back stands in its order, no wider than the room', () => {
  const { sizes, flows } = thereAndBack(60);
  const order = orderOf([...sizes.keys()].reverse(), flows);
  expect(order).toEqual([...sizes.keys()]);
  expect(strandsOf(order, flows)).toBeGreaterThan(20);
  expect(strandsOf(order, chain(60).flows)).toBe(1);
  const placed = arrangeInOrder(order, sizes, flows, ROOM);
  expect(placed.width).toBeLessThanOrEqual(ROOM.width);
  expectApart([...placed.boxes.values()]);
  expectToMeet(placed);
});

test('what is not joined is packed in rows without overlaps, low things under each other', () => {
  const sizes = [300, 40, 60, 500, 90, 200, 200].map((height, at) => ({
    width: 150 + 80 * at,
    height,
  }));
  const { places, width } = pack(new Map(sizes.map((size) => [size, size])), 900, 20);
  expect(width).toBeLessThanOrEqual(900);
  expectApart(sizes.map((size) => ({ ...size, ...(places.get(size) as Box) })));
  const { places: stacked } = pack(
    new Map([
      [1, SIZE],
      [2, SIZE],
    ]),
    100,
    20,
  );
  expect(stacked.get(2)).toEqual({ x: 0, y: 66 });
  expect(islands([1, 2, 3, 4], [[3, 1]])).toEqual([[1, 3], [2], [4]]);
});

test('inputs are drawn beside their readers, those of the same readers as one', () => {
  const unit = (id: string, kind: GraphUnit['kind'] = 'kernel'): GraphUnit => ({
    ...{ id, kind, title: id, members: [] },
  });
  const inputs = ['a/x', 'a/y', 'a/w'].map((id) => unit(id, 'input'));
  const kernels = Array.from({ length: 12 }, (_, at) => unit(`k${at}`));
  const [x, y, w] = inputs;
  const flows: Flow<GraphUnit>[] = [
    ...[x, y].map((input) => [input, kernels[1]] as const),
    ...[0, 1, 11].map((at) => [w, kernels[at]] as const),
    ...kernels.slice(1).map((to, at) => [kernels[at], to] as const),
  ];
  const joined = joinInputs({
    all: [...inputs, ...kernels],
    flows,
    homes: new Map(),
    nodes: new Map(),
  });
  const drawn = joined.flows.filter(([{ kind }]) => kind === 'input');
  expect(drawn.map(([{ title }, { id }]) => `${title} to ${id}`)).toEqual([
    'x, y to k1',
    'a/w to k0',
    'a/w to k1',
    'a/w to k11',
  ]);
  expect(new Set(drawn.map(([from]) => from)).size).toBe(3);
  expect(joined.all).toHaveLength(kernels.length + 3);
});

function expectApart(boxes: readonly Box[]): void {
  const overlap = (a: Box, b: Box): boolean =>
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
  boxes.forEach((a, at) => {
    for (const b of boxes.slice(at + 1)) expect(overlap(a, b)).toBe(false);
  });
}

/** Lines begin at one box and end at the other. */
function expectToMeet({ boxes, routes }: ReturnType<typeof arrange<number>>): void {
  const touches = ({ x, y, width, height }: Box, at: { x: number; y: number }): boolean =>
    at.x >= x - 1 && at.x <= x + width + 1 && at.y >= y - 1 && at.y <= y + height + 1;
  expect(routes.length).toBeGreaterThan(0);
  for (const { ends, points } of routes) {
    expect(touches(boxes.get(ends[0]) as Box, points[0])).toBe(true);
    expect(touches(boxes.get(ends[1]) as Box, points[points.length - 1])).toBe(true);
  }
}
