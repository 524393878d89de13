/** What the measurements say, criterion by criterion. */
import { meansOf } from './tables';
import { scientific, short } from './format';
import { firstSummary, floorOf, sideOf, type ModelRow } from './row';

/** The limits that are not figures of stock. */
const LIMITS = {
  /** Below this an error counts as rounding whatever stock's own is. */
  error: 1e-6,
  /** For models that stock cannot run. */
  errorWithoutStock: 1e-5,
  /** First inferences are compiled in fresh processes: few, and noisy. */
  firstTolerance: 1.05,
  rewriteMs: 1_000,
  hugeRewriteMs: 10_000,
};

/** One criterion: who misses it, and who could be judged at all. */
export interface Verdict {
  criterion: string;
  /** `undefined` when nothing was measured that could tell. */
  holds: boolean | undefined;
  judged: number;
  misses: string[];
  summary?: string;
}

/** A miss in words, `true` when the row is fine, `undefined` when it cannot be judged. */
type Judgement = string | true | undefined;

/** Judges all criteria. */
export function judge(rows: readonly ModelRow[]): Verdict[] {
  const means = meansOf(rows);
  const mean = (name: string): string => `geometric mean ${short(means[name])}×`;
  return [
    verdict('1 error ≤ max(2× stock, 1e-6)', rows, judgeError),
    {
      ...verdict('2 dispatches ≤ floor, or a reason', rows, judgeDispatches),
      summary: mean('dispatches'),
    },
    { ...verdict('3 fewer bytes through memory', rows, judgeBytes), summary: mean('bytes') },
    { ...verdict('4 no model slower', rows, judgeTime), summary: mean('time') },
    verdict('5a no leaks', rows, judgeLeaks),
    { ...verdict('5b peak memory ≤ stock', rows, judgePeak), summary: mean('peak') },
    { ...verdict('5c first inference not slower', rows, judgeFirst), summary: mean('first') },
    verdict('6 rewriting time', rows, judgeRewrite),
  ];
}

/** The verdicts as text, misses indented. */
export function formatVerdicts(verdicts: readonly Verdict[]): string {
  return verdicts
    .flatMap(({ criterion, holds, judged, misses, summary }) => {
      const mark = holds === undefined ? 'not measured' : holds ? 'holds' : 'MISSED';
      const share = judged ? `${judged - misses.length} of ${judged} models` : '';
      const details = [share, summary].filter(Boolean).join(', ');
      const head = `${criterion}: ${mark}${details && judged ? ` (${details})` : ''}`;
      return [head, ...misses.map((miss) => `    ${miss}`)];
    })
    .join('\n');
}

function verdict(
  criterion: string,
  rows: readonly ModelRow[],
  judgeRow: (row: ModelRow) => Judgement,
): Verdict {
  const judgements = rows.map((row) => [row.entry.name, judgeRow(row)] as const);
  const judged = judgements.filter(([, judgement]) => judgement !== undefined);
  const misses = judged.flatMap(([name, judgement]) =>
    typeof judgement === 'string' ? [`${name}: ${judgement}`] : [],
  );
  const holds = judged.length ? misses.length === 0 : undefined;
  return { criterion, holds, judged: judged.length, misses };
}

function judgeError(row: ModelRow): Judgement {
  if (row.entry.topologyOnly) return undefined;
  const candidate = sideOf(row, 'candidate').error?.relative;
  if (candidate === undefined) return 'did not run';
  const stock = sideOf(row, 'stock').error?.relative;
  const limit = stock === undefined ? LIMITS.errorWithoutStock : Math.max(2 * stock, LIMITS.error);
  return candidate <= limit || `${scientific(candidate)}, allowed ${scientific(limit)}`;
}

function judgeDispatches(row: ModelRow): Judgement {
  const floor = floorOf(row.entry);
  const dispatches = sideOf(row, 'candidate').counts?.dispatches;
  if (floor === undefined || dispatches === undefined) return undefined;
  const { dispatches: explained = 0 } = row.entry.stock?.aboveFloor ?? {};
  return dispatches <= floor + explained || `${dispatches}, floor ${floor}`;
}

function judgeBytes(row: ModelRow): Judgement {
  const stock = sideOf(row, 'stock').counts?.trafficBytes;
  const candidate = sideOf(row, 'candidate').counts?.trafficBytes;
  if (stock === undefined || candidate === undefined) return undefined;
  return candidate < stock || `${short(candidate / 1e6)} MB, stock ${short(stock / 1e6)} MB`;
}

/** Slower only where the whole middle half of the paired ratios' spread does not reach 1. */
function judgeTime({ compare }: ModelRow): Judgement {
  const ratio = compare?.ratio;
  if (!ratio) return undefined;
  return ratio.median + ratio.iqr / 2 >= 1 || `${short(ratio.median)}× (IQR ${short(ratio.iqr)})`;
}

function judgeLeaks(row: ModelRow): Judgement {
  const leaks = sideOf(row, 'candidate').leaks;
  if (!leaks) return undefined;
  const { tensors, data, bytes, buffers, runs } = leaks;
  const grew = tensors > 0 || data > 0 || bytes > 0 || buffers > 0;
  return (
    !grew ||
    `${tensors} tensors, ${data} of data, ${bytes} bytes, ${buffers} buffers in ${runs} runs`
  );
}

function judgePeak(row: ModelRow): Judgement {
  const stock = firstSummary(row, 'stock', 'peakBytes')?.median;
  const candidate = firstSummary(row, 'candidate', 'peakBytes')?.median;
  if (stock === undefined || candidate === undefined) return undefined;
  return candidate <= stock || `${short(candidate / 1e6)} MB, stock ${short(stock / 1e6)} MB`;
}

function judgeFirst(row: ModelRow): Judgement {
  const stock = firstSummary(row, 'stock', 'firstMs')?.median;
  const candidate = firstSummary(row, 'candidate', 'firstMs')?.median;
  if (stock === undefined || candidate === undefined) return undefined;
  return (
    candidate <= stock * LIMITS.firstTolerance || `${short(candidate)} ms, stock ${short(stock)}`
  );
}

function judgeRewrite({ entry, compare, rewrite }: ModelRow): Judgement {
  const ms = rewrite?.rewriteMs ?? compare?.fusion?.rewriteMs;
  if (ms === undefined) return undefined;
  const limit = entry.topologyOnly ? LIMITS.hugeRewriteMs : LIMITS.rewriteMs;
  return ms <= limit || `${short(ms)} ms, allowed ${limit} ms`;
}
