/** Flushes that are alike: a loop of training runs the same few plans again and again. */
import type { FlushTrace } from '../eager/flush-trace';

/** Flushes that ran the same kernels on the same shapes, by the same plan: the first, and which they are, from 1. */
export interface SameFlushes {
  readonly flush: FlushTrace;
  readonly numbers: number[];
}

export function groupFlushes(flushes: readonly FlushTrace[]): SameFlushes[] {
  const groups = new Map<string, SameFlushes>();
  const textOf = rememberTexts();
  flushes.forEach((flush, at) => {
    const key = structureOf(flush, textOf);
    const group = groups.get(key) ?? { flush, numbers: [] };
    groups.set(key, group);
    group.numbers.push(at + 1);
  });
  return [...groups.values()];
}

/** What ran, without what differs from one time to the next: why it ran, how long rules took, what was found. */
function structureOf(
  { kernels, invocations, plan, record }: FlushTrace,
  textOf: (part: object) => string,
): string {
  const planned = plan === 'stock' ? undefined : record;
  const parts = [kernels, invocations, planned?.kernels, planned?.values];
  return parts.map((part) => (part ? textOf(part) : '')).join('\n');
}

/** Parts as text; a plan that ran again left the same objects, with the texts of all its shaders. */
function rememberTexts(): (part: object) => string {
  const texts = new Map<object, string>();
  return (part) => {
    const text = texts.get(part) ?? JSON.stringify(part);
    texts.set(part, text);
    return text;
  };
}

/** Runs of numbers that a name tells. */
const MOST_RUNS = 5;

/** `flush 1`, `flushes 2, 4–7, 9`, `flushes 2, 4–7, 9, 11, …, 31`. */
export function nameFlushes(numbers: readonly number[]): string {
  const runs: [first: number, last: number][] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run && run[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  const texts = runs.flatMap(([first, last]) => {
    if (last > first + 1) return [`${first}–${last}`];
    return last > first ? [`${first}`, `${last}`] : [`${first}`];
  });
  if (texts.length > MOST_RUNS) texts.splice(MOST_RUNS - 1, texts.length - MOST_RUNS, '…');
  return `${numbers.length > 1 ? 'flushes' : 'flush'} ${texts.join(', ')}`;
}
