/** Every candidate of the choices that a case makes, forced one by one, beside the rule's pick. */
import { largestError } from '../../src/measure/accuracy';
import { formatTable, short, type Column } from '../harness/report/format';
import { summarize } from '../../src/measure/statistics';
import type { Choice } from '../../src/fused-kernels/target';
import type { KernelCase } from './case';
import { type Bench, recordOurs, timeInTurn } from './measure';
import type { RecordedCase } from './session';

/** A choice of a case, and what each candidate takes. */
export interface CandidateRow {
  readonly entry: string;
  readonly choice: Choice;
  readonly candidates: readonly CandidateResult[];
}

export interface CandidateResult {
  readonly name: string;
  /** Microseconds of the whole case. */
  readonly median: number;
  /** Largest difference from the result of the rule's pick, relative to the largest element. */
  readonly difference: number;
}

/** Times every candidate of every choice that `entry` makes, the others left to their rules. */
export async function measureCandidates(bench: Bench, entry: KernelCase): Promise<CandidateRow[]> {
  const rows: CandidateRow[] = [];
  for (const choice of await choicesOf(bench, entry)) {
    const recorded: RecordedCase[] = [];
    for (const name of choice.candidates) {
      recorded.push(await recordOurs(bench, entry, (asked) => (isSame(asked, choice) ? name : '')));
    }
    const { sides } = await timeInTurn(bench, recorded);
    for (const { replay } of recorded) replay.dispose();
    rows.push({
      entry: entry.name,
      choice,
      candidates: choice.candidates.map((name, i) => ({
        name,
        median: summarize(sides[i].times).median,
        difference: largestError(recorded[i].values, recorded[0].values),
      })),
    });
  }
  return rows;
}

/** The choices that are made where `entry` is compiled. */
async function choicesOf(bench: Bench, entry: KernelCase): Promise<Choice[]> {
  const choices: Choice[] = [];
  const { replay } = await recordOurs(bench, entry, (choice) => {
    if (!choices.some((known) => isSame(known, choice))) choices.push(choice);
    return undefined;
  });
  replay.dispose();
  return choices;
}

const isSame = (a: Choice, b: Choice): boolean => a.family === b.family && a.shape === b.shape;

export function formatCandidates(rows: readonly CandidateRow[]): string {
  const byTime = ({ candidates }: CandidateRow): CandidateResult[] =>
    [...candidates].sort((a, b) => a.median - b.median);
  const columns: Column<CandidateRow>[] = [
    { title: 'case', cell: ({ entry }) => entry },
    { title: 'family', cell: ({ choice }) => choice.family },
    { title: "the rule's pick", cell: ({ candidates: [pick] }) => pick.name },
    { title: 'µs', cell: ({ candidates: [pick] }) => short(pick.median) },
    { title: 'best', cell: (row) => byTime(row)[0].name },
    { title: 'µs', cell: (row) => short(byTime(row)[0].median) },
    { title: 'regret', cell: (row) => short(row.candidates[0].median / byTime(row)[0].median) },
    { title: 'worst difference', cell: worstDifference },
  ];
  const details = rows.map((row) => {
    const times = byTime(row).map(({ name, median }) => `${name}: ${short(median)}`);
    return `  ${row.entry}, ${row.choice.family} (${row.choice.shape})\n    ${times.join(' · ')}`;
  });
  return `${formatTable(columns, rows)}\n\nAll candidates, µs\n${details.join('\n')}`;
}

function worstDifference({ candidates }: CandidateRow): string {
  return Math.max(...candidates.map(({ difference }) => difference)).toExponential(1);
}
