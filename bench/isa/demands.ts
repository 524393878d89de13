/** What a real GPU's compiler must make of the kernels that a GPU is busy with, and whether it does. */
import type { KernelCase } from '../kernels/case';
import { short } from '../harness/report/format';
import type { KernelStatistics } from './compiler';
import { type Figures, figuresOf } from './ratchet';

/** Waves are demanded of this family only: others have another number of registers. */
const WAVES_FAMILY = 'navi31';
/** FLOP from which less may be loaded for each. */
const LARGE = 2 * 512 ** 3;

/** A limit of one figure. */
interface Demand {
  readonly text: string;
  readonly figure: keyof Figures;
  /** What a case may have at most. */
  readonly most?: (entry: KernelCase) => number;
  /** What it must have at least. */
  readonly least?: number;
  readonly family?: string;
}

const DEMANDS: readonly Demand[] = [
  { text: 'no spilled registers', figure: 'spills', most: () => 0 },
  {
    text: 'at most 144 VGPRs, attention 192',
    figure: 'vgprs',
    most: ({ group }) => (group === 'attention' ? 192 : 144),
  },
  { text: 'at least 4 waves a SIMD', figure: 'waves', least: 4, family: WAVES_FAMILY },
  {
    text: 'at most 2.6 instructions a multiply-add in the innermost loop',
    figure: 'instructionsPerFma',
    most: () => 2.6,
  },
  {
    text: 'at most 0.5 bytes loaded a FLOP over the loop over k, 0.25 from 512³ up',
    figure: 'bytesPerFlop',
    most: ({ flops }) => (flops >= LARGE ? 0.25 : 0.5),
  },
  { text: 'no division of integers in the innermost loop', figure: 'divisions', most: () => 0 },
];

/** Products, convolutions and attention over many rows: the others are bound by memory. */
export function isJudged({ group, flops, bytes }: KernelCase): boolean {
  const isProduct = group === 'product' || group === 'convolution' || group === 'attention';
  return isProduct && flops / bytes >= 8;
}

/** A case, and the kernel of it that does most of the work. */
export interface Judged {
  readonly entry: KernelCase;
  readonly kernel: KernelStatistics;
}

/** One line for each demand: whether all cases meet it, the worst of them, and those that miss it. */
export function formatVerdicts(
  family: string,
  ours: readonly Judged[],
  stock: readonly Judged[],
): string {
  return DEMANDS.filter((demand) => !demand.family || demand.family === family)
    .map((demand) => {
      const missed = ours.filter((one) => isMissed(demand, one));
      const met = `${ours.length - missed.length} of ${ours.length}`;
      const theirs = stock.filter((one) => !isMissed(demand, one)).length;
      const beside = stock.length
        ? `; stock ${theirs} of ${stock.length}${worstOf(demand, stock)}`
        : '';
      const list = missed.map(
        ({ entry, kernel }) => `\n    ${entry.name}: ${valueOf(figuresOf(kernel)[demand.figure])}`,
      );
      const mark = missed.length ? '✕' : '✓';
      return `${mark} ${demand.text}: ${met}${worstOf(demand, ours)}${beside}${list.join('')}`;
    })
    .join('\n');
}

/** A figure that is unknown shows nothing, so the demand is not met. */
function isMissed({ figure, most, least }: Demand, { entry, kernel }: Judged): boolean {
  const value = figuresOf(kernel)[figure];
  if (value === null) return true;
  return value > (most?.(entry) ?? Infinity) || value < (least ?? -Infinity);
}

const valueOf = (value: number | null): string =>
  value === null ? 'unknown' : Number.isInteger(value) ? String(value) : short(value);

function worstOf({ figure, least }: Demand, judged: readonly Judged[]): string {
  const values = judged
    .map(({ kernel }) => figuresOf(kernel)[figure])
    .filter((one) => one !== null);
  if (values.length === 0) return '';
  return `, worst ${valueOf(least === undefined ? Math.max(...values) : Math.min(...values))}`;
}
