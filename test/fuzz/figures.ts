/** What was tried at random so far, summed over runs: kept in figures.json with the seeds. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Figures {
  readonly kind: string;
  /** `adapter`, where answers are compared, or Dawn's `null`. */
  readonly device: string;
  /** The first and the last. */
  readonly seeds: readonly [number, number];
  readonly tried: number;
  /** What was found, each kind of it once. */
  readonly found: number;
}

const FILE = fileURLToPath(new URL('./figures.json', import.meta.url));

function readFigures(): Figures[] {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Figures[]) : [];
}

/** Adds a run. One over the same seeds takes the place of the one before it: nothing counts twice. */
export function addFigures(run: Figures): void {
  const others = readFigures().filter(
    ({ kind, device, seeds: [from, to] }) =>
      kind !== run.kind || device !== run.device || to < run.seeds[0] || from > run.seeds[1],
  );
  writeFileSync(FILE, `${JSON.stringify([...others, run], null, 2)}\n`);
}

/** A table in Markdown. */
export function formatFigures(): string {
  const sums = new Map<string, { tried: number; found: number; seeds: string[] }>();
  for (const { kind, device, seeds, tried, found } of readFigures()) {
    const key = `${kind} | ${device}`;
    const sum = sums.get(key) ?? { tried: 0, found: 0, seeds: [] };
    sum.tried += tried;
    sum.found += found;
    sum.seeds.push(seeds.join('–'));
    sums.set(key, sum);
  }
  const rows = [...sums].map(
    ([key, { tried, found, seeds }]) => `| ${key} | ${tried} | ${found} | ${seeds.join(', ')} |`,
  );
  return ['| kind | device | tried | found | seeds |', '| - | - | - | - | - |', ...rows, ''].join(
    '\n',
  );
}
