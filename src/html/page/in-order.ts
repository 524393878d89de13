/**
 * Boxes in the order in which they run, in columns. A step of training keeps dozens of values for its way back: side
 * by side, the lines of all of these would be a drawing that is mostly empty.
 */
import type { Arrangement, Box, Flow, Point, Route, Size } from './arrange';

const BETWEEN = 30;
const GUTTER = 44;
/** Between lines that run beside each other. */
const LANE = 6;
/** Where lines to the next box leave, from the left. */
const INDENT = 40;

/** Each thing after what flows into it, and else as they come. */
export function orderOf<T>(things: readonly T[], flows: readonly Flow<T>[]): T[] {
  const before = new Map<T, T[]>();
  for (const [from, to] of flows) before.set(to, [...(before.get(to) ?? []), from]);
  const order = new Set<T>();
  const seen = new Set<T>();
  const visit = (thing: T): void => {
    if (seen.has(thing)) return;
    seen.add(thing);
    before.get(thing)?.forEach(visit);
    order.add(thing);
  };
  things.forEach(visit);
  return [...order];
}

/** The most things that are still to flow somewhere at one place of the order. */
export function strandsOf<T>(order: readonly T[], flows: readonly Flow<T>[]): number {
  const places = new Map(order.map((thing, at) => [thing, at]));
  const ends = new Map<T, number>();
  for (const [from, to] of flows) {
    ends.set(from, Math.max(ends.get(from) ?? 0, places.get(to) as number));
  }
  const change = order.map(() => 0);
  for (const [from, end] of ends) {
    change[places.get(from) as number]++;
    change[end]--;
  }
  let strands = 0;
  return Math.max(0, ...change.map((by) => (strands += by)));
}

/** @param order whose columns stand side by side as far as there is room, and grow longer where there is not. */
export function arrangeInOrder<T>(
  order: readonly T[],
  sizes: ReadonlyMap<T, Size>,
  flows: readonly Flow<T>[],
  room: Size,
): Arrangement<T> {
  const sizeOf = (thing: T): Size => sizes.get(thing) as Size;
  const columns = divide(order, sizeOf, room);
  const columnOf = new Map(columns.flatMap((things, at) => things.map((thing) => [thing, at])));
  const places = new Map(order.map((thing, at) => [thing, at]));
  const placeOf = (thing: T): number => places.get(thing) as number;
  const isNext = ([from, to]: Flow<T>): boolean => placeOf(to) === placeOf(from) + 1;
  const isWithin = ([from, to]: Flow<T>): boolean => columnOf.get(from) === columnOf.get(to);
  const beside = flows.filter((flow) => isWithin(flow) && !isNext(flow));
  const lanes = assignLanes(beside, placeOf);
  const boxes = new Map<T, Box>();
  const rights: number[] = [];
  let left = 0;
  columns.forEach((things, at) => {
    let y = 0;
    for (const thing of things) {
      boxes.set(thing, { x: left, y, ...sizeOf(thing) });
      y += sizeOf(thing).height + BETWEEN;
    }
    rights.push(left + Math.max(...things.map((thing) => sizeOf(thing).width)));
    const used = beside.flatMap((flow) =>
      columnOf.get(flow[0]) === at ? [lanes.get(flow) as number] : [],
    );
    left = rights[at] + GUTTER + LANE * (Math.max(-1, ...used) + 1);
  });
  const routes = flows.map((flow): Route<T> => {
    const from = boxes.get(flow[0]) as Box;
    const to = boxes.get(flow[1]) as Box;
    const start = { x: from.x + from.width, y: from.y + Math.min(from.height, 46) * 0.7 };
    const right = rights[columnOf.get(flow[0]) as number] + LANE * 2;
    const points = (): Point[] => {
      if (isWithin(flow) && isNext(flow)) {
        return [
          { x: from.x + INDENT, y: from.y + from.height },
          { x: to.x + INDENT, y: to.y },
        ];
      }
      const lane = lanes.get(flow);
      const middle = to.y + Math.min(to.height, 46) * 0.3;
      if (lane === undefined) {
        return [
          start,
          { x: right, y: start.y },
          { x: to.x - 24, y: middle },
          { x: to.x, y: middle },
        ];
      }
      const x = right + LANE * lane;
      return [start, { x, y: start.y }, { x, y: middle }, { x: to.x + to.width, y: middle }];
    };
    return { ends: flow, points: points() };
  });
  const all = [...boxes.values()];
  const width = Math.max(left - GUTTER, ...all.map((box) => box.x + box.width));
  return { width, height: Math.max(...all.map(({ y, height }) => y + height)), boxes, routes };
}

/** Columns of about one height: no higher than the room, unless they would be too many for it. */
function divide<T>(order: readonly T[], sizeOf: (thing: T) => Size, room: Size): T[][] {
  const total = order.reduce((sum, thing) => sum + sizeOf(thing).height + BETWEEN, 0);
  const widest = Math.max(...order.map((thing) => sizeOf(thing).width));
  const most = Math.max(1, Math.floor(room.width / (widest + GUTTER)));
  const count = Math.min(most, Math.ceil(total / Math.max(1, room.height)));
  const columns: T[][] = [[]];
  let y = 0;
  for (const thing of order) {
    const { height } = sizeOf(thing);
    if (y + height / 2 > (columns.length * total) / count) columns.push([]);
    columns[columns.length - 1].push(thing);
    y += height + BETWEEN;
  }
  return columns.filter(({ length }) => length > 0);
}

/** Lanes of lines beside a column, short ones next to it, so that none lies on another. */
function assignLanes<T>(
  flows: readonly Flow<T>[],
  placeOf: (thing: T) => number,
): Map<Flow<T>, number> {
  const lanes = new Map<Flow<T>, number>();
  const taken: Flow<T>[][] = [];
  const length = ([from, to]: Flow<T>): number => placeOf(to) - placeOf(from);
  const meets = (a: Flow<T>, b: Flow<T>): boolean =>
    placeOf(a[0]) < placeOf(b[1]) && placeOf(b[0]) < placeOf(a[1]);
  for (const flow of [...flows].sort((a, b) => length(a) - length(b))) {
    const free = taken.findIndex((others) => !others.some((other) => meets(flow, other)));
    const lane = free < 0 ? taken.length : free;
    (taken[lane] ??= []).push(flow);
    lanes.set(flow, lane);
  }
  return lanes;
}
