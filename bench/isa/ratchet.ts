/** The figures that were there, and which of today's are worse. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Mix } from './assembly';
import type { KernelStatistics } from './compiler';

/** The figures of a kernel that may not grow. */
export interface Figures {
  /** Of the innermost loop of multiply-adds. */
  readonly instructionsPerFma: number | null;
  /** Over the whole loop over k, staging included. */
  readonly wholePerFma: number | null;
  /** Accesses of workgroup memory a multiply-add, over the whole loop. */
  readonly sharedPerFma: number | null;
  readonly bytesPerFlop: number | null;
  readonly loads: number;
  readonly divisions: number;
  readonly barriers: number;
  readonly vgprs: number;
  readonly sgprs: number;
  readonly spills: number;
  readonly sharedBytes: number;
  /** May not shrink. */
  readonly waves: number;
}

/** Of every kernel of every case, in the order that they run. */
export type Ledger = Readonly<Record<string, readonly Figures[]>>;

/** How much worse a figure may be: another release of the compiler schedules otherwise. */
const TOLERANCE = 1.05;
const SLACK: Partial<Record<keyof Figures, number>> = { loads: 1, vgprs: 8, sgprs: 16 };

export function figuresOf(kernel: KernelStatistics): Figures {
  const { loops, vgprs, sgprs, spills, sharedBytes, waves } = kernel;
  const round = (value: number): number => Math.round(value * 1000) / 1000;
  const inner = loops ? [loops.inner] : [];
  const whole = loops?.whole ?? [];
  /** The larger one where two mixes say between what it is. */
  const perFma = (mixes: readonly Mix[], figure: keyof Mix): number | null =>
    mixes.length ? round(Math.max(...mixes.map((mix) => mix[figure] / mix.multiplyAdds))) : null;
  const bytesPerFma = perFma(whole, 'loadedBytes');
  return {
    instructionsPerFma: perFma(inner, 'instructions'),
    wholePerFma: perFma(whole, 'instructions'),
    sharedPerFma: perFma(whole, 'shared'),
    bytesPerFlop: bytesPerFma === null ? null : round(bytesPerFma / 2),
    loads: loops?.inner.loads ?? 0,
    divisions: loops?.inner.divisions ?? 0,
    barriers: (whole.at(0) ?? loops?.inner)?.barriers ?? 0,
    ...{ vgprs, sgprs, spills, sharedBytes, waves },
  };
}

export function readLedger(family: string): Ledger {
  const file = fileOf(family);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Ledger) : {};
}

/** Writes the figures of some cases over those that were there. */
export function writeLedger(family: string, figures: Ledger): void {
  const merged = { ...readLedger(family), ...figures };
  writeFileSync(fileOf(family), `${JSON.stringify(merged, null, 2)}\n`);
}

const fileOf = (family: string): string =>
  fileURLToPath(new URL(`./${family}.json`, import.meta.url));

/** What is worse than it was, in words. */
export function findWorse(before: Ledger, now: Ledger): string[] {
  return Object.entries(now).flatMap(([name, kernels]) => {
    const known = before[name];
    if (!known) return [];
    if (kernels.length > known.length) {
      return [`${name}: ${kernels.length} kernels, where it was ${known.length}`];
    }
    return kernels.flatMap((figures, i) =>
      worseFigures(known[i], figures).map((text) => `${name}, kernel ${i + 1}: ${text}`),
    );
  });
}

function worseFigures(before: Figures, now: Figures): string[] {
  const names = Object.keys(now) as (keyof Figures)[];
  return names.flatMap((name) => {
    const [was, is] = [before[name], now[name]];
    if (was == null || is === null) return []; // figures of an earlier release may lack some
    const isWorse = name === 'waves' ? is < was : is > was * TOLERANCE + (SLACK[name] ?? 0);
    return isWorse ? [`${name} ${is}, where it was ${was}`] : [];
  });
}
