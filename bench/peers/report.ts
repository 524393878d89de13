/** Rows of the comparison as a table, and what they say. */
import {
  formatTable,
  megabytes,
  NOTHING,
  scientific,
  short,
  whole,
  type Column,
} from '../harness/report/format';
import type { PeerRow } from './compare';
import { OURS, RUNTIMES, STOCK_RUNTIME, type RuntimeEntry } from './runtimes';

const columns: readonly Column<PeerRow>[] = [
  { title: 'workload', cell: ({ workload }) => workload.name },
  { title: 'runtime', cell: ({ runtime }) => RUNTIMES[runtime].label },
  { title: 'dispatches', cell: ({ dispatches }) => whole(dispatches) },
  { title: 'MB', cell: ({ trafficBytes }) => megabytes(trafficBytes) },
  { title: 'error', cell: ({ error }) => scientific(error) },
  { title: 'ms', cell: ({ time }) => short(time?.median) },
  { title: 'IQR', cell: ({ time }) => short(time?.iqr) },
  {
    title: 'ours faster by',
    cell: ({ runtime, ratio }) =>
      runtime === OURS || !ratio ? NOTHING : `${short(ratio.median)}×`,
  },
  {
    title: 'IQR',
    cell: ({ runtime, ratio }) => (runtime === OURS ? NOTHING : short(ratio?.iqr)),
  },
];

export function formatPeerRows(rows: readonly PeerRow[]): string {
  return formatTable(columns, rows);
}

/** An error above this, relative to the largest element, is no rounding of float32. */
const LARGEST_ERROR = 1e-4;

/** What went wrong, and where `webgpu-fused` is behind. */
export function problemsOfPeers(rows: readonly PeerRow[]): string[] {
  return rows.flatMap((row) => {
    const name = `${row.workload.name}, ${RUNTIMES[row.runtime].label}`;
    return problemsOf(row).map((problem) => `${name}: ${problem}`);
  });
}

function problemsOf({ runtime, workload, failure, ...row }: PeerRow): string[] {
  if (failure !== undefined) return [failure.split('\n')[0]];
  const problems: string[] = [];
  const { dispatches = 0, error = 0, ratio } = row;
  if (runtime === OURS && dispatches > workload.dispatches) {
    problems.push(`${dispatches} dispatches, at most ${workload.dispatches} are allowed`);
  }
  if (!(error <= LARGEST_ERROR)) problems.push(`error ${scientific(error)}`);
  const { isHost }: RuntimeEntry = RUNTIMES[runtime];
  if (runtime !== OURS && !isHost && ratio && ratio.median < 1) {
    const word = runtime === STOCK_RUNTIME ? 'stock' : 'it';
    problems.push(`${word} is faster than webgpu-fused (${short(ratio.median)}×)`);
  }
  return problems;
}
