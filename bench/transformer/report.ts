/** Cases as a table, and what misses a limit. */
import type { Side } from '../harness/backends';
import { formatTable, megabytes, scientific, short, type Column } from '../harness/report/format';
import type { CaseResult, CaseSide } from './measure';

/** Errors up to this, relative to the largest element, are rounding whoever makes them. */
const ROUNDING = 1e-6;

/** `stock → ours` */
function pair(title: string, figure: (side: CaseSide) => string): Column<CaseResult> {
  const of = ({ sides }: CaseResult, side: Side): string => figure(sides[side]);
  return { title, cell: (result) => `${of(result, 'stock')} → ${of(result, 'candidate')}` };
}

const columns: readonly Column<CaseResult>[] = [
  { title: 'case', cell: ({ name }) => name },
  pair('dispatches', ({ dispatches }) => String(dispatches)),
  pair('MB', ({ trafficBytes }) => megabytes(trafficBytes)),
  pair('peak MB', ({ peakBytes }) => megabytes(peakBytes)),
  pair('error', ({ error }) => scientific(error)),
  pair('ms', ({ time }) => short(time.median)),
  { title: 'faster by', cell: ({ ratio }) => `${short(ratio.median)}×` },
  { title: 'IQR', cell: ({ ratio }) => short(ratio.iqr) },
];

export function formatCases(results: readonly CaseResult[]): string {
  return formatTable(columns, results);
}

/** The limits that cases miss. */
export function problemsOfCases(results: readonly CaseResult[]): string[] {
  return results.flatMap((result) =>
    problemsOf(result).map((problem) => `${result.name}: ${problem}`),
  );
}

function problemsOf({ sides, ratio, limit, gpuErrors }: CaseResult): string[] {
  const { dispatches, error, peakBytes } = sides.candidate;
  const problems = [...gpuErrors];
  if (dispatches > limit) problems.push(`${dispatches} dispatches, at most ${limit} are allowed`);
  if (peakBytes > sides.stock.peakBytes) problems.push('its peak memory is above stock’s');
  if (!(error <= Math.max(ROUNDING, 2 * sides.stock.error))) {
    problems.push('its error is above stock’s');
  }
  if (ratio.median < 1) problems.push(`slower than stock (${short(ratio.median)}×)`);
  return problems;
}
