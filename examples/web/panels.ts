/** The texts beside the picture: what was found, what it took, what was fused, and the table of backends. */
import type { ModelExplanation } from 'tfjs-backend-webgpu-fused';
import { hueOf } from '../../src/html/page/dom';
import type { Findings } from '../demo/tasks/task';
import { colorOf } from './backend-names';
import type { Look } from './contender';
import { el, megabytes, milliseconds } from './dom';
import type { Standing, Tally } from './tally';

const MOST_LINES = 8;

export function showFindings(box: HTMLElement, { lines, mask, scores }: Findings): void {
  if (scores) {
    box.replaceChildren(
      ...scores.map(({ label, share }) =>
        el(
          'div',
          { class: 'score' },
          el('span', {}, label),
          el('b', {}, `${(100 * share).toFixed(1)} %`),
          bar(share),
        ),
      ),
    );
    return;
  }
  const shown = mask ? lines.slice(0, 1) : lines.slice(0, MOST_LINES);
  const more = mask ? 0 : lines.length - shown.length;
  const items = [...shown, ...(more > 0 ? [`and ${more} more`] : [])];
  box.replaceChildren(
    items.length > 0
      ? el('ul', {}, ...items.map((line) => el('li', {}, line)))
      : el('p', { class: 'says' }, 'Nothing that it knows.'),
  );
}

function bar(share: number, color = '--accent'): HTMLElement {
  const width = `${(100 * Math.max(0.004, Math.min(1, share))).toFixed(1)}%`;
  return el('i', { class: 'meter', style: `--part: ${width}; --tone: var(${color})` });
}

export function showTiles(box: HTMLElement, look: Look): void {
  const tiles: [string, string][] = [
    ['Frame', milliseconds(look.frameMs)],
    ['JavaScript', milliseconds(look.jsMs)],
    ['Dispatches', look.dispatches > 0 ? String(look.dispatches) : '–'],
    ['Memory', megabytes(look.bytes)],
  ];
  box.replaceChildren(
    ...tiles.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))),
  );
}

/** Kernels by family, the largest first, as one bar and its legend. */
export function showFusion(box: HTMLElement, told: ModelExplanation | undefined): void {
  if (!told) {
    box.replaceChildren(el('p', { class: 'says' }, 'Run a graph model on webgpu-fused to see it.'));
    return;
  }
  const { before, after } = told.dispatches;
  const counts = new Map<string, number>();
  for (const { plan } of told.regions) {
    for (const { family } of plan?.kernels ?? []) {
      counts.set(family, (counts.get(family) ?? 0) + 1);
    }
  }
  const families = [...counts].sort(([, a], [, b]) => b - a);
  const part = ([family, count]: [string, number]): HTMLElement =>
    el('i', { style: `flex: ${count}; --hue: ${hueOf(family)}`, title: `${family}: ${count}` });
  const item = ([family, count]: [string, number]): HTMLElement =>
    el('li', { style: `--hue: ${hueOf(family)}` }, `${count} ${family}`);
  box.replaceChildren(
    el('p', { class: 'big' }, `${before} → ${after} dispatches`),
    el(
      'p',
      { class: 'says' },
      `${megabytes(told.bytes.before)} → ${megabytes(told.bytes.after)} read and written; before is an estimate`,
    ),
    el('div', { class: 'families', 'aria-hidden': 'true' }, ...families.map(part)),
    el('ul', {}, ...families.map(item)),
  );
}

export function showTable(table: HTMLElement, tally: Tally): void {
  const standings = tally.standings();
  const slowest = Math.max(...standings.map(([, { frameMs = 0 }]) => frameMs));
  const head = ['Backend', 'Frame', 'JavaScript', 'Dispatches', 'Memory', 'Answers'];
  table.replaceChildren(
    el('thead', {}, el('tr', {}, ...head.map((text) => el('th', {}, text)))),
    el(
      'tbody',
      {},
      ...standings.map(([backend, standing]) => {
        const name = el('th', { scope: 'row', 'data-name': backend }, backend);
        return el('tr', {}, name, ...cells(standing, slowest, colorOf(backend)));
      }),
    ),
  );
}

function cells(standing: Standing, slowest: number, color: string): HTMLElement[] {
  const { frameMs, jsMs, dispatches, bytes, error } = standing;
  if (error !== undefined) return [el('td', { colspan: '5', class: 'wrong' }, error)];
  const frame =
    frameMs === undefined
      ? el('td', {}, '–')
      : el('td', { class: 'frame' }, milliseconds(frameMs), bar(frameMs / slowest, color));
  return [
    frame,
    el('td', {}, jsMs === undefined ? '–' : milliseconds(jsMs)),
    el('td', {}, dispatches ? String(dispatches) : '–'),
    el('td', {}, bytes === undefined ? '–' : megabytes(bytes)),
    el('td', {}, answers(standing)),
  ];
}

function answers({ difference, isReference }: Standing): string {
  if (isReference) return 'the reference';
  if (difference === undefined) return '–';
  return difference === 0 ? 'equal' : `${difference.toExponential(0)} apart`;
}
