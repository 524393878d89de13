/** Intermediates as lifetimes on slabs: time runs to the right in dispatches, bytes run down. */
import type { PlanData } from '../report-data';
import { el, formatBytes, hueOf, svg } from './dom';

const WIDTH = 960;
const LEFT = 64;
const GAP = 14;
const LEAST = 22;
/** Height of all slabs together. */
const HEIGHT = 340;

/** @param onPick told which dispatch gives what was pointed at. */
export function memoryChart(plan: PlanData, onPick: (dispatch: number) => void): HTMLElement {
  const { memory, values, dispatches, kernels } = plan;
  const perByte = HEIGHT / Math.max(1, memory.allocated);
  const perDispatch = (WIDTH - LEFT) / Math.max(1, dispatches);
  const x = (dispatch: number): number => LEFT + dispatch * perDispatch;
  const rows: { y: number; height: number }[] = [];
  let y = 8;
  for (const bytes of memory.slabs) {
    const height = Math.max(LEAST, bytes * perByte);
    rows.push({ y, height });
    y += height + GAP;
  }
  const drawing = svg('svg', {
    class: 'memory',
    viewBox: `0 0 ${WIDTH} ${y + 24}`,
    role: 'img',
    'aria-label': 'Intermediates by the slab they are on and the dispatches they live through',
  });
  rows.forEach((row, slab) => {
    drawing.append(
      svg('rect', { class: 'slab', x: LEFT, width: WIDTH - LEFT, rx: 4, ...row }),
      svg('text', { x: LEFT - 8, y: row.y + 14, 'text-anchor': 'end' }, `slab ${slab + 1}`),
      svg(
        'text',
        { class: 'says', x: LEFT - 8, y: row.y + 28, 'text-anchor': 'end' },
        row.height > 30 ? formatBytes(memory.slabs[slab]) : '',
      ),
    );
  });
  for (const { place, name, bytes, shape } of values) {
    if (!place) continue;
    const { slab, offset, first, last } = place;
    const row = rows[slab];
    const scale = row.height / Math.max(1, memory.slabs[slab]);
    const { family, label } = kernels[first];
    const height = Math.max(2, bytes * scale - 1);
    drawing.append(
      svg(
        'rect',
        {
          class: 'life',
          style: `--hue: ${hueOf(family)}`,
          x: x(first) + 0.5,
          y: row.y + offset * scale,
          width: Math.max(2, (last - first + 1) * perDispatch - 1),
          height,
          rx: Math.min(3, height / 2),
          onclick: () => onPick(first),
        },
        svg(
          'title',
          {},
          `${name}\n${label}\n[${shape.join(', ')}], ${formatBytes(bytes)}, dispatches ${first} to ${last}`,
        ),
      ),
    );
  }
  for (const at of ticks(dispatches)) {
    drawing.append(svg('text', { class: 'says', x: x(at), y: y + 10 }, `#${at}`));
  }
  return el('div', { class: 'scroll' }, drawing);
}

/** Some ten round numbers from 0 on. */
function ticks(count: number): number[] {
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
  const step = steps.find((each) => count / each <= 12) ?? Math.ceil(count / 10);
  return Array.from({ length: Math.ceil(count / step) }, (_, i) => i * step);
}
