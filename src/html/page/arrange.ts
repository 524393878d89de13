/** Where things stand that flow into each other, by dagre. */
import { Graph, layout as place } from '@dagrejs/dagre';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What flows from one thing to another, and the way that it takes around others. */
export interface Route<T> {
  readonly ends: readonly [T, T];
  readonly points: readonly Point[];
}

export interface Arrangement<T> extends Size {
  readonly boxes: ReadonlyMap<T, Box>;
  readonly routes: readonly Route<T>[];
}

export type Flow<T> = readonly [from: T, to: T];

/** Places sized things by what flows between them; positions are of their corners. */
export function arrange<T>(
  things: ReadonlyMap<T, Size>,
  flows: readonly Flow<T>[],
  separation: { nodesep: number; ranksep: number },
): Arrangement<T> {
  const graph = new Graph();
  graph.setGraph({ ...separation, rankdir: 'TB' });
  graph.setDefaultEdgeLabel(() => ({}));
  const keys = [...things.keys()];
  const ids = new Map(keys.map((thing, id) => [thing, String(id)]));
  for (const [thing, size] of things) graph.setNode(ids.get(thing) as string, { ...size });
  for (const [from, to] of flows) {
    graph.setEdge(ids.get(from) as string, ids.get(to) as string);
  }
  place(graph);
  const boxes = new Map(
    keys.map((thing) => {
      // Of dagre's nodes, x and y are the middle.
      const { x, y, width, height } = graph.node(ids.get(thing) as string) as Box;
      return [thing, { x: x - width / 2, y: y - height / 2, width, height }];
    }),
  );
  const routes = graph.edges().map((edge) => ({
    ends: [keys[Number(edge.v)], keys[Number(edge.w)]] as const,
    points: (graph.edge(edge) as { points: Point[] }).points,
  }));
  const { width = 0, height = 0 } = graph.graph() as Partial<Size>;
  return { width: Math.max(0, width), height: Math.max(0, height), boxes, routes };
}

/** Things that no flow joins, apart; each list in the order of the things. */
export function islands<T>(things: readonly T[], flows: readonly Flow<T>[]): T[][] {
  const next = new Map<T, T[]>(things.map((thing) => [thing, []]));
  for (const [from, to] of flows) {
    next.get(from)?.push(to);
    next.get(to)?.push(from);
  }
  const island = new Map<T, number>();
  let count = 0;
  for (const thing of things) {
    if (island.has(thing)) continue;
    const waiting = [thing];
    for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
      if (island.has(each)) continue;
      island.set(each, count);
      waiting.push(...(next.get(each) ?? []));
    }
    count++;
  }
  const lists = Array.from({ length: count }, (): T[] => []);
  for (const thing of things) lists[island.get(thing) as number].push(thing);
  return lists;
}
