/** What tests in which checks are deleted share with main.mjs: the checks to delete, and what came of each. */
import { appendFileSync } from 'node:fs';

declare const $checks: { deleted: number; readonly decisive: Set<number> };

const { MUTANTS_LEFT = '', MUTANTS_FOUND } = process.env;

/** Checks that nothing is known of, by number. */
export const left: ReadonlySet<number> = new Set(
  MUTANTS_LEFT.split(',').filter(Boolean).map(Number),
);

/** Those of the checks that are left which said no while `run` ran. */
export async function decisiveIn(run: () => unknown): Promise<number[]> {
  $checks.decisive.clear();
  await run();
  return [...$checks.decisive].filter((check) => left.has(check));
}

/** Runs without a check; whether that throws. */
export async function failsWithout(check: number, run: () => unknown): Promise<boolean> {
  $checks.deleted = check;
  try {
    await run();
    return false;
  } catch {
    return true;
  } finally {
    $checks.deleted = -1;
  }
}

/** Tells main.mjs, which takes a check that nothing follows for one without which something never ends. */
export function tell(
  line: { at: number } | { number: number; verdict: string } | { doing: string },
) {
  if (MUTANTS_FOUND) appendFileSync(MUTANTS_FOUND, `${JSON.stringify(line)}\n`);
}
