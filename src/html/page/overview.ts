/** Numbers at the top, and where dispatches and bytes go, stock beside fused. */
import type { ReportData } from '../report-data';
import { el, formatBytes, hueOf, section } from './dom';
import { formatMs } from './times';
import type { Units } from './units';

/** One number before and after, with bars as long as they are large. */
function tile(
  name: string,
  before: number,
  after: number,
  write: (value: number) => string = String,
): HTMLElement {
  const most = Math.max(before, after, 1);
  const bar = (kind: string, value: number): HTMLElement =>
    el('div', { class: `bar ${kind}`, style: `width: ${((100 * value) / most).toFixed(1)}%` });
  const factor = after > 0 && before > after ? `${(before / after).toFixed(1)}×` : '';
  return el(
    'div',
    { class: 'tile' },
    el('div', { class: 'label' }, name, el('strong', {}, factor)),
    el(
      'div',
      { class: 'numbers' },
      el('span', { class: 'says' }, `${write(before)} → `),
      write(after),
    ),
    bar('stock', before),
    bar('fused', after),
  );
}

export function tiles({
  dispatches,
  bytes,
  plans,
  nodes,
  shaders,
  flushes,
  time,
}: ReportData): HTMLElement {
  const sum = (of: (memory: (typeof plans)[number]['memory']) => number): number =>
    plans.reduce((total, { memory }) => total + of(memory), 0);
  const fused = nodes.filter(({ fate }) => fate !== 'stock').length;
  const count = flushes.reduce((total, { times }) => total + times, 0);
  const repeats = count > flushes.length ? `; ${count} flushes, ${flushes.length} told apart` : '';
  return el(
    'div',
    { class: 'tiles' },
    tile('Dispatches', dispatches.before, dispatches.after),
    tile('Bytes through memory', bytes.before, bytes.after, formatBytes),
    time.stock && time.fused ? tile('Time in kernels', time.stock, time.fused, formatMs) : null,
    tile(
      'Memory of intermediates',
      sum(({ unshared }) => unshared),
      sum(({ allocated }) => allocated),
      formatBytes,
    ),
    el(
      'div',
      { class: 'tile' },
      el('div', { class: 'label' }, 'Nodes of the model'),
      el('div', { class: 'numbers' }, `${fused} of ${nodes.length}`),
      el(
        'p',
        { class: 'says' },
        `in fused dispatches or free; ${shaders.length} shaders${repeats}`,
      ),
    ),
  );
}

interface Cost {
  dispatches: number;
  bytes: number;
}

interface FamilyShare {
  readonly stock: Cost;
  readonly fused: Cost;
}

function add(sum: Cost, { dispatches, bytes }: Cost, times: number): void {
  sum.dispatches += times * dispatches;
  sum.bytes += times * bytes;
}

/** Dispatches and bytes of each kernel family, and of the nodes that it computes by stock. */
export function byFamily({ all }: Units): HTMLElement {
  const shares = new Map<string, FamilyShare>();
  for (const { kernel, members, kind, flush } of all) {
    if (kind === 'input') continue;
    const times = flush?.times ?? 1;
    const family = kernel?.family ?? 'tfjs';
    const none = (): Cost => ({ dispatches: 0, bytes: 0 });
    const share = shares.get(family) ?? { stock: none(), fused: none() };
    shares.set(family, share);
    for (const { stock } of members) {
      add(share.stock, stock, times);
      if (!kernel) add(share.fused, stock, times);
    }
    if (kernel) add(share.fused, { dispatches: 1, bytes: kernel.bytes }, times);
  }
  const rows = [...shares].sort(([, a], [, b]) => b.stock.bytes - a.stock.bytes);
  const most = Math.max(1, ...rows.flatMap(([, { stock, fused }]) => [stock.bytes, fused.bytes]));
  const bar = (kind: string, { bytes, dispatches }: Cost): HTMLElement =>
    el(
      'div',
      { class: 'pair' },
      el('div', { class: `bar ${kind}`, style: `width: ${((74 * bytes) / most).toFixed(2)}%` }),
      el('span', { class: 'says' }, `${formatBytes(bytes)}, ${dispatches}`),
    );
  const chart = el(
    'div',
    { class: 'families' },
    ...rows.flatMap(([family, { stock, fused }]) => [
      el('div', { class: 'family', style: `--hue: ${hueOf(family)}` }, family),
      el('div', {}, bar('stock', stock), bar('fused', fused)),
    ]),
  );
  return section(
    'Where the bytes go',
    'Bytes through memory, and dispatches, by kernel family: the nodes that it computes as stock would run them (grey, an estimate), and fused.',
    chart,
  );
}
