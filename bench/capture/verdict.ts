/** What capture promises, and whether it is kept. */
import { short } from '../harness/report/format';
import { geometricMean } from '../../src/measure/statistics';
import { ONE_DISPATCH } from './one-dispatch';
import { type CaptureRow, resultOf } from './row';
import { aboveBound, shareOfStock } from './tables';

const MEAN_RATIO = 20;
const LEAST_RATIO = 15;
/** Models of at least this many stock dispatches must each reach the least ratio. */
const MANY_DISPATCHES = 50;
const FIXED_COST_MS = 0.15;
const DISPATCHES_PER_SUBMIT = 64;
const SHARE_OF_STOCK = 0.5;
const ABOVE_BOUND = 1.5;

/** One line for each promise. */
export function judgeCapture(rows: readonly CaptureRow[]): string[] {
  const models = rows.filter(({ model }) => model !== ONE_DISPATCH.name);
  return [
    ...judgeTime(models.filter(({ js }) => js?.every(({ failure }) => !failure))),
    ...judgeFixedCost(rows.find(({ model }) => model === ONE_DISPATCH.name)),
    ...judgeCounts(models),
    ...judgeMemory(models),
  ];
}

function judgeTime(rows: readonly CaptureRow[]): string[] {
  const ratioOf = ({ js }: CaptureRow): number =>
    js?.find(({ variant }) => variant === 'both')?.ratio?.median ?? NaN;
  if (rows.length === 0) return [];
  const mean = geometricMean(rows.map(ratioOf));
  const large = rows.filter(
    (row) => (resultOf(row, 'stock')?.counts.dispatches ?? 0) >= MANY_DISPATCHES,
  );
  const least = large.length
    ? large.reduce((a, b) => (ratioOf(b) < ratioOf(a) ? b : a))
    : undefined;
  return [
    line(mean >= MEAN_RATIO, `JS time ${short(mean)}× less in geometric mean`, `${MEAN_RATIO}×`),
    ...(least
      ? [
          line(
            ratioOf(least) >= LEAST_RATIO,
            `at least ${short(ratioOf(least))}× less (${least.model}) from ${MANY_DISPATCHES} stock dispatches`,
            `${LEAST_RATIO}×`,
          ),
        ]
      : []),
  ];
}

function judgeFixedCost(row: CaptureRow | undefined): string[] {
  const cost = row && resultOf(row, 'both')?.js?.median;
  if (cost === undefined) return [];
  const what = `fixed cost of a call ${cost.toFixed(3)} ms`;
  return [line(cost <= FIXED_COST_MS, what, `≤ ${FIXED_COST_MS} ms`)];
}

function judgeCounts(rows: readonly CaptureRow[]): string[] {
  const worst = (figure: (row: CaptureRow) => number): number => Math.max(...rows.map(figure));
  const counts = (row: CaptureRow) => row.js && resultOf(row, 'both')?.counts;
  const over = worst((row) => {
    const { submits = 0, dispatches = 0 } = counts(row) ?? {};
    return submits - Math.ceil(dispatches / DISPATCHES_PER_SUBMIT);
  });
  const pipelines = worst((row) => counts(row)?.pipelines ?? 0);
  const uniforms = worst((row) => counts(row)?.uniformWrites ?? 0);
  return [
    line(over <= 0, `submits beyond one for every ${DISPATCHES_PER_SUBMIT}: ${over}`, '0'),
    line(pipelines === 0, `pipelines in a warm call: ${pipelines}`, '0'),
    line(uniforms === 0, `uniform writes in a warm call: ${uniforms}`, '0'),
  ];
}

function judgeMemory(rows: readonly CaptureRow[]): string[] {
  const shares = rows.flatMap((row) => shareOfStock(row) ?? []);
  const above = Math.max(0, ...rows.flatMap((row) => aboveBound(row) ?? []));
  const share = shares.length ? geometricMean(shares) : NaN;
  return [
    line(
      share <= SHARE_OF_STOCK,
      `intermediates ${short(share)} of stock's in geometric mean`,
      `≤ ${SHARE_OF_STOCK}`,
    ),
    line(
      above <= ABOVE_BOUND,
      `at most ${short(above)}× the bytes that live at once`,
      `≤ ${ABOVE_BOUND}×`,
    ),
  ];
}

const line = (isKept: boolean, what: string, wanted: string): string =>
  `  ${isKept ? '✓' : '✗'} ${what} (wanted ${wanted})`;
