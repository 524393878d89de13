/** Where the time goes: dispatches and nodes of the model, the dearest first; stock beside fused. */
import type { ReportData } from '../report-data';
import { el, section, shorten, sortedTable, type SortedCell } from './dom';
import type { GraphUnit, Units } from './units';

export function formatMs(ms: number): string {
  return ms < 1 ? `${(ms * 1000).toFixed(1)} µs` : `${ms.toFixed(2)} ms`;
}

/** @param onPick told which dispatch somebody wants to see. */
export function times(
  { time }: ReportData,
  units: Units,
  onPick: (unit: GraphUnit) => void,
): HTMLElement {
  const { missing, stockMissing, fused = 0, stock, stockNodes, left, calls } = time;
  const title = 'Where the time goes';
  if (missing !== undefined) return section(title, missing);
  const ms = (value: number | undefined): SortedCell => ({
    text: value === undefined ? '–' : formatMs(value),
    key: value ?? -1,
  });
  const stockOf = (names: readonly string[]): number | undefined =>
    Object.keys(stockNodes).length === 0
      ? undefined
      : names.reduce((sum, name) => sum + (stockNodes[name] ?? 0), 0);
  const link = (unit: GraphUnit): SortedCell => ({
    text: el(
      'button',
      { type: 'button', class: 'link', onclick: () => onPick(unit) },
      `#${unit.at} ${unit.title}`,
    ),
    key: unit.at ?? 0,
  });
  const share = (value: number): SortedCell => ({
    text: `${((100 * value) / Math.max(fused, 1e-9)).toFixed(1)} %`,
    key: value,
  });
  const dispatches = units.all.flatMap((unit): SortedCell[][] => {
    const { kernel, members } = unit;
    if (kernel?.ms === undefined) return [];
    return [
      [
        link(unit),
        ...[ms(kernel.ms), share(kernel.ms), ms(stockOf(members.map(({ name }) => name)))],
        { text: String(members.length), key: members.length },
      ],
    ];
  });
  const rest = left.map(({ name, ms: took }): SortedCell[] => [
    { text: `${name}, which tfjs runs`, key: Infinity },
    ...[ms(took), share(took), ms(undefined), { text: '–', key: 0 }],
  ]);
  const nodes = units.all.flatMap((unit): SortedCell[][] =>
    unit.members.flatMap(({ name, op }) =>
      unit.kernel?.ms === undefined
        ? []
        : [
            [
              { text: shorten(name, 60), key: name },
              { text: op, key: op },
              link(unit),
              ms(unit.kernel.ms),
              { text: String(unit.members.length), key: unit.members.length },
              ms(stockOf([name])),
            ],
          ],
    ),
  );
  const beside = stock === undefined ? stockMissing : `${formatMs(stock)} by stock`;
  return section(
    title,
    `${formatMs(fused)} in kernels by the device's clock, the median of ${calls} calls; ${beside}. A dispatch is timed as a whole: each of its nodes is listed with all of its time, which is not divided among them. Of stock, a node of a graph model has the kernels that tfjs ran for it. Browsers round this clock, to 0.1 ms as a rule.`,
    sortedTable(
      ['dispatch', 'time', 'of all', 'its nodes by stock', 'nodes'],
      [...dispatches, ...rest],
      1,
    ),
    el(
      'details',
      {},
      el('summary', {}, `By node of the model (${nodes.length})`),
      sortedTable(
        ['node', 'op', 'computed in', 'time of all of it', 'nodes in it', 'by stock, alone'],
        nodes,
        3,
      ),
    ),
  );
}
