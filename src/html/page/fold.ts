/** A drawing that is taller than there is room for, as columns side by side. */
import type { Arrangement, Box, Point, Route, Size } from './arrange';

const GUTTER = 30;
/** Between lines that run beside each other from one column to the next. */
const LANE = 5;

/** Part of a drawing from one cut to the next, and how far it moves. */
interface FoldedColumn {
  readonly top: number;
  readonly bottom: number;
  readonly dx: number;
  readonly dy: number;
}

export function fold<T>(drawing: Arrangement<T>, room: Size): Arrangement<T> {
  const most = Math.floor((room.width + GUTTER) / (drawing.width + GUTTER));
  const count = Math.min(most, Math.ceil(drawing.height / Math.max(1, room.height)));
  const cuts = count < 2 ? [] : findCuts(drawing, count);
  return cuts.length === 0 ? drawing : foldAt(drawing, cuts);
}

/** Heights between boxes that make columns of about one length. */
function findCuts<T>({ boxes, height }: Arrangement<T>, count: number): number[] {
  const gaps = gapsBetween([...boxes.values()]);
  const cuts = new Set<number>();
  for (let column = 1; column < count; column++) {
    const wanted = (column * height) / count;
    const off = (gap: number): number => Math.abs(gap - wanted);
    const [nearest] = [...gaps].sort((a, b) => off(a) - off(b));
    if (nearest !== undefined) cuts.add(nearest);
  }
  return [...cuts].sort((a, b) => a - b);
}

function gapsBetween(boxes: readonly Box[]): number[] {
  const gaps: number[] = [];
  let end = Infinity;
  for (const { y, height } of [...boxes].sort((a, b) => a.y - b.y)) {
    if (y > end) gaps.push((y + end) / 2);
    end = Math.max(end === Infinity ? 0 : end, y + height);
  }
  return gaps;
}

function foldAt<T>(drawing: Arrangement<T>, cuts: readonly number[]): Arrangement<T> {
  const crossings = cuts.map(
    (cut) =>
      drawing.routes.filter(({ points }) => isAbove(points[0], cut) && !isAbove(last(points), cut))
        .length,
  );
  const head = GUTTER / 2 + LANE * Math.max(...crossings);
  const columns: FoldedColumn[] = [];
  const edges = [0, ...cuts, drawing.height];
  let left = 0;
  for (let at = 0; at < edges.length - 1; at++) {
    const [top, bottom] = [edges[at], edges[at + 1]];
    const { from, to } = extent(drawing, top, bottom);
    columns.push({ top, bottom, dx: left - from, dy: head - top });
    left += to - from + GUTTER + LANE * (crossings[at] ?? 0);
  }
  const columnOf = (y: number): FoldedColumn =>
    columns.find(({ bottom }) => y < bottom) ?? last(columns);
  const boxes = new Map(
    [...drawing.boxes].map(([thing, box]) => {
      const { dx, dy } = columnOf(box.y);
      return [thing, { ...box, x: box.x + dx, y: box.y + dy }];
    }),
  );
  // Lines leave a column at its right, where the last one to come turns first.
  const lanes = cuts.map(() => 0);
  const routes = drawing.routes.map(({ ends, points }): Route<T> => ({
    ends,
    points: reroute(points, columns, (at) => {
      const lane = LANE * lanes[at]++;
      const right =
        columns[at + 1].dx + extent(drawing, columns[at + 1].top, columns[at + 1].bottom).from;
      return {
        under: columns[at].bottom + columns[at].dy + lane,
        over: head - GUTTER / 2 - lane,
        beside: right - GUTTER / 2 - lane,
      };
    }),
  }));
  const tallest = Math.max(...columns.map(({ top, bottom }) => bottom - top));
  const width = left - GUTTER;
  return { width, height: head + tallest + head, boxes, routes };
}

interface Lane {
  readonly under: number;
  readonly over: number;
  readonly beside: number;
}

/** Cuts a way where it leaves a column, and leads it around to the top of the next. */
function reroute(
  points: readonly Point[],
  columns: readonly FoldedColumn[],
  laneFrom: (column: number) => Lane,
): Point[] {
  const way: Point[] = [];
  let at = columns.findIndex(({ bottom }) => isAbove(points[0], bottom));
  if (at < 0) at = columns.length - 1;
  const put = ({ x, y }: Point): number =>
    way.push({ x: x + columns[at].dx, y: y + columns[at].dy });
  put(points[0]);
  points.slice(1).forEach((point, i) => {
    const before = points[i];
    while (at < columns.length - 1 && !isAbove(point, columns[at].bottom)) {
      const cut = columns[at].bottom;
      const x = before.x + ((point.x - before.x) * (cut - before.y)) / (point.y - before.y);
      const { under, over, beside } = laneFrom(at);
      way.push(
        { x: x + columns[at].dx, y: under },
        { x: beside, y: under },
        { x: beside, y: over },
      );
      at++;
      way.push({ x: x + columns[at].dx, y: over });
    }
    put(point);
  });
  return way;
}

function isAbove({ y }: Point, cut: number): boolean {
  return y < cut;
}

/** How far what lies between two heights reaches to the left and to the right. */
function extent<T>(
  { boxes, routes }: Arrangement<T>,
  top: number,
  bottom: number,
): { from: number; to: number } {
  const within = ({ y }: Point): boolean => y >= top && y <= bottom;
  const xs = [
    ...[...boxes.values()].filter(within).flatMap(({ x, width }) => [x, x + width]),
    ...routes.flatMap(({ points }) => points.filter(within).map(({ x }) => x)),
  ];
  return { from: Math.min(...xs), to: Math.max(...xs) };
}

function last<T>(list: readonly T[]): T {
  return list[list.length - 1];
}
