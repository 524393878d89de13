/** Where boxes stand: those inside an open one first, then what flows together, then all of it side by side. */
import type { NodeFate } from '../../graph-model';
import type { FlushData } from '../report-data';
import { arrange, islands, type Arrangement, type Box, type Point, type Size } from './arrange';
import { fold } from './fold';
import { arrangeInOrder, orderOf, strandsOf } from './in-order';
import { pack } from './pack';
import { nodeOf, type GraphUnit, type Units } from './units';

export interface GraphLayout extends Size {
  readonly units: ReadonlyMap<GraphUnit, Box>;
  /** Nodes inside open boxes. */
  readonly nodes: ReadonlyMap<NodeFate, Box>;
  /** Around what ran together. */
  readonly frames: ReadonlyMap<FlushData, Box>;
  readonly edges: readonly Edge[];
}

/** A line between boxes or nodes. */
export interface Edge {
  readonly ends: readonly (GraphUnit | NodeFate)[];
  readonly points: readonly Point[];
}

const LETTER = 7.6;
const UNIT_HEIGHT = 46;
const NODE_HEIGHT = 26;
const HEAD = 30;
const PADDING = 12;
const WIDEST = 300;
const APART = 34;
/** Values that are kept at once, above which boxes stand in their order and not by what flows. */
const MOST_STRANDS = 7;

/** How many letters of a title a box shows. */
export const TITLE_LETTERS = Math.floor((WIDEST - 24) / LETTER);

/**
 * @param open boxes that show the nodes inside.
 * @param room what is seen at once: what is taller stands in columns, as far as these fit in.
 */
export function layoutUnits(units: Units, open: ReadonlySet<GraphUnit>, room: Size): GraphLayout {
  const inner = new Map<GraphUnit, Arrangement<NodeFate>>();
  const sizes = new Map<GraphUnit, Size>();
  for (const unit of units.all) {
    if (!open.has(unit) || unit.members.length === 0) {
      const least = unit.kind === 'kernel' ? 165 : 130;
      sizes.set(unit, { width: widthOf(unit.title, least), height: UNIT_HEIGHT });
      continue;
    }
    const inside = arrangeMembers(unit);
    inner.set(unit, inside);
    const width = Math.max(inside.width + 2 * PADDING, widthOf(unit.title, 150));
    sizes.set(unit, { width, height: inside.height + HEAD + PADDING });
  }
  const { frames, ...outer } = arrangeUnits(units, sizes, room);
  const nodes = new Map<NodeFate, Box>();
  const edges: Edge[] = [];
  for (const [unit, { boxes, width }] of inner) {
    const { x, y, width: outside } = outer.boxes.get(unit) as Box;
    const shift = { x: x + (outside - width) / 2, y: y + HEAD };
    for (const [node, box] of boxes) nodes.set(node, move(box, shift));
  }
  for (const route of outer.routes) {
    if (!route.ends.some((end) => inner.has(end))) edges.push(route);
  }
  edges.push(...innerEdges(units, outer, nodes, inner));
  const { width, height } = outer;
  return { width, height, units: outer.boxes, frames, nodes, edges };
}

type Framed = Arrangement<GraphUnit> & { readonly frames: Map<FlushData, Box> };

/** What flows together is placed by itself; flushes are framed. */
function arrangeUnits(
  { all, flows }: Units,
  sizes: ReadonlyMap<GraphUnit, Size>,
  room: Size,
): Framed {
  const parts = new Map<FlushData | undefined, Framed[]>();
  const flowsInto = new Map<GraphUnit, Units['flows'][number][]>();
  for (const flow of flows) flowsInto.set(flow[1], [...(flowsInto.get(flow[1]) ?? []), flow]);
  for (const island of islands(all, flows)) {
    const things = new Map(island.map((unit) => [unit, sizes.get(unit) as Size]));
    const inside = island.flatMap((unit) => flowsInto.get(unit) ?? []);
    const order = orderOf(island, inside);
    const drawing =
      strandsOf(order, inside) > MOST_STRANDS
        ? arrangeInOrder(order, things, inside, room)
        : fold(arrange(things, inside, { nodesep: 26, ranksep: 38 }), room);
    const flush = island.find((unit) => unit.flush)?.flush;
    parts.set(flush, [...(parts.get(flush) ?? []), { ...drawing, frames: new Map() }]);
  }
  const framed = [...parts].map(([flush, drawings]) => {
    const drawing = sideBySide(drawings, room.width);
    return flush ? frame(drawing, flush) : drawing;
  });
  return sideBySide(framed, room.width);
}

function sideBySide(drawings: readonly Framed[], width: number): Framed {
  const packing = pack(new Map(drawings.map((drawing) => [drawing, drawing])), width, APART);
  const moved = drawings.map((drawing) => shiftAll(drawing, packing.places.get(drawing) as Point));
  return {
    ...{ width: packing.width, height: packing.height },
    boxes: new Map(moved.flatMap(({ boxes }) => [...boxes])),
    routes: moved.flatMap(({ routes }) => routes),
    frames: new Map(moved.flatMap(({ frames }) => [...frames])),
  };
}

function frame(drawing: Framed, flush: FlushData): Framed {
  const width = Math.max(drawing.width + 2 * PADDING, widthOf(frameTitle(flush), 0));
  const height = drawing.height + HEAD + 2 * PADDING;
  const { boxes, routes } = shiftAll(drawing, { x: PADDING, y: HEAD + PADDING });
  return {
    width,
    height,
    boxes,
    routes,
    frames: new Map([[flush, { x: 0, y: 0, width, height }]]),
  };
}

export function frameTitle({ name, times }: FlushData): string {
  return times > 1 ? `${name} · ${times} times` : name;
}

function shiftAll({ boxes, routes, frames, ...size }: Framed, by: Point): Framed {
  const moveAll = <T>(all: ReadonlyMap<T, Box>): Map<T, Box> =>
    new Map([...all].map(([thing, box]) => [thing, move(box, by)]));
  return {
    ...size,
    boxes: moveAll(boxes),
    frames: moveAll(frames),
    routes: routes.map(({ ends, points }) => ({ ends, points: points.map((p) => move(p, by)) })),
  };
}

function move<T extends Point>(thing: T, by: Point): T {
  return { ...thing, x: thing.x + by.x, y: thing.y + by.y };
}

function arrangeMembers({ members }: GraphUnit): Arrangement<NodeFate> {
  const byName = new Map(members.map((node) => [node.name, node]));
  const flows = members.flatMap((node) =>
    node.inputs.flatMap((input) => {
      const from = byName.get(nodeOf(input));
      return from ? [[from, node] as const] : [];
    }),
  );
  const sizes = new Map(
    members.map((node) => [node, { width: widthOf(node.op, 60), height: NODE_HEIGHT }]),
  );
  return arrange(sizes, flows, { nodesep: 12, ranksep: 18 });
}

/** What flows where a box is open: from node to node, or between a node and a closed box. */
function innerEdges(
  units: Units,
  { boxes, routes }: Arrangement<GraphUnit>,
  nodes: ReadonlyMap<NodeFate, Box>,
  open: ReadonlyMap<GraphUnit, unknown>,
): Edge[] {
  const edges = new Map<string, Edge>();
  /** The way around other boxes that was found for what flows between two. */
  const bends = new Map<GraphUnit, Map<GraphUnit, Point[]>>();
  for (const { ends, points } of routes) {
    const from = bends.get(ends[0]) ?? new Map<GraphUnit, Point[]>();
    bends.set(ends[0], from.set(ends[1], points.slice(1, -1)));
  }
  const boxOf = (node: NodeFate): Box | undefined => {
    const unit = units.homes.get(node.name);
    return nodes.get(node) ?? (unit && boxes.get(unit));
  };
  const connect = (
    [from, to]: readonly [Box, Box],
    ends: Edge['ends'],
    between: readonly Point[] = [],
  ): void => {
    const start = { x: from.x + from.width / 2, y: from.y + from.height };
    const end = { x: to.x + to.width / 2, y: to.y };
    edges.set([start.x, start.y, end.x, end.y].join(), { ends, points: [start, ...between, end] });
  };
  for (const node of units.nodes.values()) {
    const to = boxOf(node);
    const home = units.homes.get(node.name);
    for (const input of node.inputs) {
      const before = units.nodes.get(nodeOf(input));
      const from = before && boxOf(before);
      const source = before && units.homes.get(before.name);
      if (!home || !source || !from || !to || from === to) continue;
      if (!open.has(home) && !open.has(source)) continue;
      const ends = [open.has(source) ? before : source, open.has(home) ? node : home];
      connect([from, to], ends, bends.get(source)?.get(home));
    }
  }
  for (const [from, to] of units.flows) {
    // Inputs of the model are no nodes; inside, whoever reads one is not known by name.
    if (from.kind !== 'input' || !open.has(to)) continue;
    const between = [boxes.get(from) as Box, boxes.get(to) as Box] as const;
    connect(between, [from, to], bends.get(from)?.get(to));
  }
  return [...edges.values()];
}

function widthOf(text: string, least: number): number {
  return Math.min(WIDEST, Math.max(least, text.length * LETTER + 24));
}
