/** The graph: one box a dispatch, each opening to the nodes of the model that it computes. */
import type { NodeFate } from '../../graph-model';
import { el, formatBytes, hueOf, shorten, svg } from './dom';
import type { Box, Point } from './arrange';
import { frameTitle, layoutUnits, TITLE_LETTERS, type Edge, type GraphLayout } from './layout';
import { PanZoom } from './pan-zoom';
import type { GraphUnit, Units } from './units';

/** What is told of what somebody pointed at. */
export interface GraphListener {
  showUnit(unit: GraphUnit): void;
  showNode(node: NodeFate): void;
}

/** Boxes above which all of them are not opened at once: laying them out would freeze the page. */
const MAX_OPEN_NODES = 3000;
/** The scale at which a drawing of several columns is to fit its frame. */
const COMFORTABLE = 0.8;

export class GraphView {
  readonly element: HTMLElement;
  private readonly frame = svg('svg', {
    class: 'graph',
    tabindex: 0,
    role: 'img',
    'aria-label': 'The graph of the model, by dispatches',
  });
  private readonly content = svg('g');
  private readonly panZoom: PanZoom;
  private readonly open = new Set<GraphUnit>();
  private readonly shapes = new Map<GraphUnit | NodeFate, SVGElement>();
  /** Lines that begin or end at a box or node. */
  private readonly lines = new Map<GraphUnit | NodeFate, SVGElement[]>();
  private layout!: GraphLayout;
  private selected: GraphUnit | NodeFate | undefined;
  private found: (GraphUnit | NodeFate)[] = [];
  private turn = -1;
  private readonly count = el('output', { class: 'count' });
  private readonly modes = ['After', 'Before'].map((name) =>
    el('button', { type: 'button', onclick: () => this.openAll(name === 'Before') }, name),
  );

  constructor(
    private readonly units: Units,
    private readonly listener: GraphListener,
  ) {
    this.frame.append(arrowHead(), this.content);
    this.panZoom = new PanZoom(this.frame, this.content);
    this.element = el('div', { class: 'graph-frame' }, this.toolbar(), this.frame);
  }

  /** To be called once the element is in the page, where it has a size. */
  start(): void {
    this.draw();
    const [first] = this.layout.units.values();
    this.panZoom.fitWidth(this.layout.width, first && first.x + first.width / 2);
  }

  /** Opens a box, or closes it. */
  toggle(unit: GraphUnit): void {
    if (!this.open.delete(unit)) this.open.add(unit);
    this.draw();
    this.reveal(unit);
  }

  isOpen(unit: GraphUnit): boolean {
    return this.open.has(unit);
  }

  /** Brings a box or a node to the middle, and marks it. */
  reveal(target: GraphUnit | NodeFate): void {
    const home = 'op' in target ? this.units.homes.get(target.name) : target;
    const box = this.boxOf(target) ?? (home && this.layout.units.get(home));
    this.select(this.shapes.has(target) ? target : home);
    if (box) this.panZoom.center(box.x + box.width / 2, box.y + Math.min(box.height, 200) / 2);
  }

  private toolbar(): HTMLElement {
    const button = (text: string, title: string, onclick: () => void): HTMLElement =>
      el('button', { type: 'button', title, 'aria-label': title, onclick }, text);
    const search = el('input', {
      type: 'search',
      placeholder: 'Search ops and nodes',
      'aria-label': 'Search ops and nodes',
      oninput: (event) => this.search((event.target as HTMLInputElement).value),
      onkeydown: (event) => (event as KeyboardEvent).key === 'Enter' && this.next(),
    });
    return el(
      'div',
      { class: 'toolbar' },
      el('div', { class: 'switch', role: 'group' }, ...this.modes),
      search,
      this.count,
      el('span', { class: 'space' }),
      button('−', 'Zoom out', () => this.panZoom.zoom(0.8)),
      button('+', 'Zoom in', () => this.panZoom.zoom(1.25)),
      button('⤢', 'Show all', () => this.panZoom.fit(this.layout.width, this.layout.height)),
    );
  }

  private openAll(all: boolean): void {
    this.open.clear();
    if (all && this.units.nodes.size <= MAX_OPEN_NODES) {
      for (const unit of this.units.all) {
        if (unit.kind === 'kernel' && unit.members.length > 0) this.open.add(unit);
      }
    }
    this.draw();
    const [first] = this.layout.units.values();
    this.panZoom.fitWidth(this.layout.width, first && first.x + first.width / 2);
  }

  private draw(): void {
    const { clientWidth, clientHeight } = this.frame;
    this.layout = layoutUnits(this.units, this.open, {
      width: (clientWidth - 32) / COMFORTABLE,
      height: (clientHeight - 32) / COMFORTABLE,
    });
    const { units, nodes, edges, frames } = this.layout;
    this.shapes.clear();
    this.lines.clear();
    const drawAll = (isOpen: boolean): SVGElement[] =>
      [...units].flatMap(([unit, box]) =>
        (this.open.has(unit) && unit.members.length > 0) === isOpen ? this.drawUnit(unit, box) : [],
      );
    const inner = [...nodes].map(([node, box]) => this.drawNode(node, box));
    this.content.replaceChildren(
      ...[...frames].map(([flush, box]) => drawFrame(frameTitle(flush), box)),
      ...drawAll(true),
      svg('g', { class: 'edges' }, ...edges.map((edge) => this.drawLine(edge))),
      ...drawAll(false),
      ...inner,
    );
    const kernels = this.units.all.filter(({ members, kind }) => kind === 'kernel' && members[0]);
    const isBefore = kernels.length > 0 && kernels.every((unit) => this.open.has(unit));
    this.modes[0].setAttribute('aria-pressed', String(this.open.size === 0));
    this.modes[1].setAttribute('aria-pressed', String(isBefore));
    this.markFound();
    this.select(this.selected);
  }

  private drawUnit(unit: GraphUnit, { x, y, width, height }: Box): SVGElement {
    const isOpen = this.open.has(unit) && unit.members.length > 0;
    const { kernel, at } = unit;
    const says = kernel
      ? `#${at} · ${formatBytes(kernel.bytes)}`
      : { stock: 'stays with tfjs', input: 'input', kernel: '' }[unit.kind];
    const shape = svg(
      'g',
      {
        class: `unit ${unit.kind}${isOpen ? ' open' : ''}`,
        style: `--hue: ${hueOf(kernel?.family ?? unit.kind)}`,
        transform: `translate(${x} ${y})`,
        onclick: () => this.point(unit),
        ondblclick: () => unit.members.length > 0 && this.toggle(unit),
      },
      svg('title', {}, unit.title),
      svg('rect', { width, height, rx: 8 }),
      svg('text', { class: 'title', x: 12, y: 19 }, truncate(unit.title, width)),
      isOpen ? null : svg('text', { class: 'says', x: 12, y: 36 }, says),
      unit.members.length > 1 && !isOpen ? drawCount(unit.members.length, width) : null,
    );
    this.shapes.set(unit, shape);
    return shape;
  }

  private drawNode(node: NodeFate, { x, y, width, height }: Box): SVGElement {
    const shape = svg(
      'g',
      {
        class: `node ${node.fate}`,
        transform: `translate(${x} ${y})`,
        onclick: () => this.point(node),
      },
      svg('title', {}, node.name),
      svg('rect', { width, height, rx: 5 }),
      svg('text', { x: width / 2, y: 17 }, node.op),
    );
    this.shapes.set(node, shape);
    return shape;
  }

  private drawLine({ ends, points }: Edge): SVGElement {
    const line = drawEdge(points);
    for (const end of ends) this.lines.set(end, [...(this.lines.get(end) ?? []), line]);
    return line;
  }

  private point(target: GraphUnit | NodeFate): void {
    this.select(target);
    if ('op' in target) this.listener.showNode(target);
    else this.listener.showUnit(target);
  }

  private select(target: GraphUnit | NodeFate | undefined): void {
    const mark = (isSelected: boolean): void => {
      if (!this.selected) return;
      this.shapes.get(this.selected)?.classList.toggle('selected', isSelected);
      for (const line of this.lines.get(this.selected) ?? []) {
        line.classList.toggle('touching', isSelected);
      }
    };
    mark(false);
    this.selected = target;
    mark(true);
  }

  private boxOf(target: GraphUnit | NodeFate): Box | undefined {
    return 'op' in target ? this.layout.nodes.get(target) : this.layout.units.get(target);
  }

  private search(text: string): void {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const matches = (where: string): boolean =>
      words.every((word) => where.toLowerCase().includes(word));
    this.turn = -1;
    this.found =
      words.length === 0
        ? []
        : [
            ...this.units.all.filter(({ title, kernel }) =>
              matches(`${title} ${kernel?.family ?? ''}`),
            ),
            ...[...this.units.nodes.values()].filter(
              ({ name, op }) => this.units.homes.has(name) && matches(`${name} ${op}`),
            ),
          ];
    this.count.textContent = words.length === 0 ? '' : `${this.found.length} found`;
    this.markFound();
  }

  private markFound(): void {
    const shapes = new Set(
      this.found.map((target) => {
        const home = 'op' in target ? this.units.homes.get(target.name) : undefined;
        return this.shapes.get(target) ?? (home && this.shapes.get(home));
      }),
    );
    for (const shape of this.shapes.values()) shape.classList.toggle('found', shapes.has(shape));
    this.content.classList.toggle('searching', this.found.length > 0);
  }

  private next(): void {
    if (this.found.length === 0) return;
    this.turn = (this.turn + 1) % this.found.length;
    const target = this.found[this.turn];
    this.count.textContent = `${this.turn + 1} of ${this.found.length}`;
    this.reveal(target);
    if ('op' in target) this.listener.showNode(target);
    else this.listener.showUnit(target);
  }
}

function truncate(title: string, width: number): string {
  const most = Math.min(TITLE_LETTERS, Math.floor((width - 20) / 7.4));
  return title.length <= most ? title : `${title.slice(0, most - 1)}…`;
}

/** How many nodes a closed box has inside. */
function drawCount(count: number, width: number): SVGElement {
  return svg('text', { class: 'inside', x: width - 10, y: 36 }, `${count} nodes`);
}

/** How far from a corner a line begins to turn, at most. */
const CORNER = 34;

function drawEdge(points: readonly Point[]): SVGElement {
  const [first, ...rest] = points;
  const path = [`M ${first.x} ${first.y}`];
  if (rest.length === 1) {
    const [end] = rest;
    const bend = Math.max(14, (end.y - first.y) / 2);
    path.push(`C ${first.x} ${first.y + bend} ${end.x} ${end.y - bend} ${end.x} ${end.y}`);
  } else {
    rest.slice(0, -1).forEach((corner, i) => {
      const from = towards(corner, points[i]);
      const to = towards(corner, rest[i + 1]);
      path.push(`L ${from.x} ${from.y} Q ${corner.x} ${corner.y} ${to.x} ${to.y}`);
    });
    const end = rest[rest.length - 1];
    path.push(`L ${end.x} ${end.y}`);
  }
  return svg('path', { d: path.join(' '), 'marker-end': 'url(#arrow)' });
}

/** From a corner half the way to a point, and no further than lines turn. */
function towards(corner: Point, { x, y }: Point): Point {
  const length = Math.hypot(x - corner.x, y - corner.y);
  const part = length > 0 ? Math.min(0.5, CORNER / length) : 0;
  return { x: corner.x + (x - corner.x) * part, y: corner.y + (y - corner.y) * part };
}

function drawFrame(title: string, { x, y, width, height }: Box): SVGElement {
  return svg(
    'g',
    { class: 'frame', transform: `translate(${x} ${y})` },
    svg('rect', { width, height, rx: 10 }),
    svg('text', { x: 12, y: 21 }, title),
  );
}

function arrowHead(): SVGElement {
  const size = { viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7 };
  return svg(
    'defs',
    {},
    svg('marker', { id: 'arrow', orient: 'auto', ...size }, svg('path', { d: 'M0 0 L8 4 L0 8 z' })),
  );
}

/** A node's name, its end first. */
export function nodeLabel({ name }: NodeFate, most = 48): string {
  return shorten(name, most);
}
