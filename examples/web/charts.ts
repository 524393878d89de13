/** Four live charts, a line for each backend: what a frame takes. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { BACKENDS, colorOf, type BackendName } from './backend-names';
import type { Look } from './contender';
import { cssColor, el, megabytes, milliseconds } from './dom';

/** Frames that are shown. */
const SHOWN = 160;
const HEIGHT = 132;

type Measure = Exclude<keyof Look, 'outputs'>;

/** One chart. */
interface ChartKind {
  measure: Measure;
  title: string;
  says: string;
  /** In the unit of its axis. */
  scale: number;
  format(value: number): string;
}

const CHARTS: readonly ChartKind[] = [
  {
    measure: 'frameMs',
    title: 'Frame',
    says: 'ms from pixels to answers',
    scale: 1,
    format: milliseconds,
  },
  {
    measure: 'jsMs',
    title: 'JavaScript',
    says: 'ms until the call returned',
    scale: 1,
    format: milliseconds,
  },
  {
    measure: 'dispatches',
    title: 'Dispatches',
    says: 'a frame; draw calls on webgl',
    scale: 1,
    format: String,
  },
  {
    measure: 'bytes',
    title: 'Memory',
    says: 'MB that the backend holds',
    scale: 1e-6,
    format: megabytes,
  },
];

export class Charts {
  private frames = 0;
  private readonly numbers: number[] = [];
  private readonly rows = new Map<Measure, Map<BackendName, (number | null)[]>>();
  private plots: uPlot[] = [];
  private readonly cards: { kind: ChartKind; plot: HTMLElement; latest: HTMLElement }[];

  constructor(box: HTMLElement) {
    this.cards = CHARTS.map((kind) => {
      const plot = el('div', { class: 'plot' });
      const latest = el('output', {});
      const head = el('p', {}, el('strong', {}, kind.title), latest);
      box.append(el('figure', {}, el('figcaption', {}, head, el('small', {}, kind.says)), plot));
      return { kind, plot, latest };
    });
    this.clear();
    new ResizeObserver(() => this.fit()).observe(box);
  }

  add(backend: BackendName, look: Look): void {
    this.numbers.push(++this.frames);
    if (this.numbers.length > SHOWN) this.numbers.shift();
    this.cards.forEach(({ kind, latest }, at) => {
      const rows = this.rowsOf(kind.measure);
      const value = look[kind.measure];
      for (const [name, row] of rows) {
        row.push(name === backend && value > 0 ? value * kind.scale : null);
        if (row.length > SHOWN) row.shift();
      }
      latest.textContent = value > 0 ? kind.format(value) : '–'; // wasm has no dispatches
      this.plots[at].setData([this.numbers, ...rows.values()]);
    });
  }

  clear(): void {
    this.frames = 0;
    this.numbers.length = 0;
    this.rows.clear();
    for (const { latest } of this.cards) latest.textContent = '–';
    this.recolor();
  }

  /** Draws anew in the colors of the theme that is on. */
  recolor(): void {
    for (const plot of this.plots) plot.destroy();
    this.plots = this.cards.map(({ kind, plot }) => {
      const data: uPlot.AlignedData = [this.numbers, ...this.rowsOf(kind.measure).values()];
      return new uPlot(options(plot.clientWidth || 260), data, plot);
    });
  }

  private fit(): void {
    this.cards.forEach(({ plot }, at) =>
      this.plots[at].setSize({ width: plot.clientWidth || 260, height: HEIGHT }),
    );
  }

  private rowsOf(measure: Measure): Map<BackendName, (number | null)[]> {
    const rows = this.rows.get(measure) ?? new Map(BACKENDS.map((name) => [name, []]));
    this.rows.set(measure, rows);
    return rows;
  }
}

function options(width: number): uPlot.Options {
  const [soft, line] = [cssColor('--soft'), cssColor('--line')];
  const axis = { stroke: soft, font: '11px system-ui', ticks: { show: false } };
  return {
    width,
    height: HEIGHT,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false },
      y: { range: (_plot, _low, high) => [0, (high || 1) * 1.15] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 20, space: 60 },
      { ...axis, grid: { stroke: line, width: 1 }, size: 44, space: 34 },
    ],
    series: [
      {},
      ...BACKENDS.map((name): uPlot.Series => ({
        label: name,
        stroke: cssColor(colorOf(name)),
        width: 2,
        points: { show: false },
        spanGaps: false,
      })),
    ],
  };
}
