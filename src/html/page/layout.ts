/** Where boxes stand: those inside an open one first, then all of them, by dagre. */
import { graphlib, layout as place } from '@dagrejs/dagre';
import type { NodeFate } from '../../graph-model';
import { nodeOf, type GraphUnit, type Units } from './units';

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

export interface GraphLayout {
  readonly width: number;
  readonly height: number;
  readonly units: ReadonlyMap<GraphUnit, Box>;
  /** Nodes inside open boxes. */
  readonly nodes: ReadonlyMap<NodeFate, Box>;
  readonly edges: readonly (readonly Point[])[];
}

const LETTER = 7.6;
const UNIT_HEIGHT = 46;
const NODE_HEIGHT = 26;
const HEAD = 30;
const PADDING = 12;
const WIDEST = 300;

/** How many letters of a title a box shows. */
export const TITLE_LETTERS = Math.floor((WIDEST - 24) / LETTER);

interface Sized {
  readonly width: number;
  readonly height: number;
}

/** Places sized things by what flows between them; positions are of their corners. */
function arrange<T>(
  things: ReadonlyMap<T, Sized>,
  flows: readonly (readonly [T, T])[],
  separation: { nodesep: number; ranksep: number },
): Sized & { boxes: Map<T, Box>; edges: { ends: readonly [T, T]; points: Point[] }[] } {
  const graph = new graphlib.Graph();
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
  const edges = graph.edges().map((edge) => ({
    ends: [keys[Number(edge.v)], keys[Number(edge.w)]] as const,
    points: (graph.edge(edge) as { points: Point[] }).points,
  }));
  const { width = 0, height = 0 } = graph.graph() as Partial<Sized>;
  return { width: Math.max(0, width), height: Math.max(0, height), boxes, edges };
}

/** @param open boxes that show the nodes inside. */
export function layoutUnits(units: Units, open: ReadonlySet<GraphUnit>): GraphLayout {
  const inner = new Map<GraphUnit, ReturnType<typeof arrange<NodeFate>>>();
  const sizes = new Map<GraphUnit, Sized>();
  for (const unit of units.all) {
    if (!open.has(unit) || unit.members.length === 0) {
      sizes.set(unit, { width: widthOf(unit.title, 130), height: UNIT_HEIGHT });
      continue;
    }
    const inside = arrangeMembers(unit);
    inner.set(unit, inside);
    const width = Math.max(inside.width + 2 * PADDING, widthOf(unit.title, 150));
    sizes.set(unit, { width, height: inside.height + HEAD + PADDING });
  }
  const outer = arrange(sizes, units.flows, { nodesep: 26, ranksep: 38 });
  const nodes = new Map<NodeFate, Box>();
  const edges: (readonly Point[])[] = [];
  for (const [unit, { boxes, width }] of inner) {
    const { x, y, width: outside } = outer.boxes.get(unit) as Box;
    const shift = { x: x + (outside - width) / 2, y: y + HEAD };
    for (const [node, box] of boxes) {
      nodes.set(node, { ...box, x: box.x + shift.x, y: box.y + shift.y });
    }
  }
  for (const { ends, points } of outer.edges) {
    if (!ends.some((end) => inner.has(end))) edges.push(points);
  }
  edges.push(...innerEdges(units, outer, nodes, inner));
  return { width: outer.width, height: outer.height, units: outer.boxes, nodes, edges };
}

function arrangeMembers({ members }: GraphUnit): ReturnType<typeof arrange<NodeFate>> {
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
  { boxes, edges: routes }: ReturnType<typeof arrange<GraphUnit>>,
  nodes: ReadonlyMap<NodeFate, Box>,
  open: ReadonlyMap<GraphUnit, unknown>,
): Point[][] {
  const edges = new Map<string, Point[]>();
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
  const connect = (from: Box, to: Box, between: readonly Point[] = []): void => {
    const start = { x: from.x + from.width / 2, y: from.y + from.height };
    const end = { x: to.x + to.width / 2, y: to.y };
    const around = between.filter(({ y }) => y > start.y && y < end.y);
    edges.set([start.x, start.y, end.x, end.y].join(), [start, ...around, end]);
  };
  for (const node of units.nodes.values()) {
    const to = boxOf(node);
    const home = units.homes.get(node.name);
    for (const input of node.inputs) {
      const before = units.nodes.get(nodeOf(input));
      const from = before && boxOf(before);
      const source = before && units.homes.get(before.name);
      if (!home || !source || !from || !to || from === to) continue;
      if (open.has(home) || open.has(source)) connect(from, to, bends.get(source)?.get(home));
    }
  }
  for (const [from, to] of units.flows) {
    // Inputs of the model are no nodes; inside, whoever reads one is not known by name.
    if (from.kind !== 'input' || !open.has(to)) continue;
    connect(boxes.get(from) as Box, boxes.get(to) as Box, bends.get(from)?.get(to));
  }
  return [...edges.values()];
}

function widthOf(text: string, least: number): number {
  return Math.min(WIDEST, Math.max(least, text.length * LETTER + 24));
}
