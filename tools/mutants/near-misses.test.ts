/**
 * Deletes checks one at a time in one process: near misses of every rule are rewritten on the host and compiled,
 * and those on which a check said no are tried again without it. What is caught is written to MUTANTS_CAUGHT.
 */
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { compilePlan } from '../../src/compiler/compile';
import { RefusedError } from '../../src/ir/infer/refused';
import { ruleFaultOf, targetedMisses, targetOf, type TargetedMiss } from '../../test/fuzz/graphs';
import { checkPlan } from '../../test/support/check-plan';
import { nearMissGraph } from '../../test/support/near-miss';

declare const $checks: { deleted: number; readonly decisive: Set<number> };

const SAMPLES = 1500;
/** Near misses that a deleted check is tried on, at most. */
const MAX_TRIES = 60;
/** Rules whose graphs have elements by the hundred thousand. */
const LARGE = new Set(['split-reduction', 'split-depth']);

/** What is wrong with a near miss as it is rewritten and compiled now. */
async function faultOf(miss: TargetedMiss): Promise<string | null> {
  const fault = await ruleFaultOf(miss);
  const graph = fault === null ? nearMissGraph(miss) : null;
  if (!graph) return fault;
  const target = targetOf(miss.target);
  try {
    checkPlan(compilePlan(graph, target, 'near miss'), target);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
  }
  return null;
}

test('near misses without one check', async () => {
  const misses = fc
    .sample(targetedMisses(), { numRuns: SAMPLES, seed: 1 })
    .filter(({ rule }, i) => !LARGE.has(rule) || i % 20 === 0);
  const byCheck = new Map<number, TargetedMiss[]>();
  for (const miss of misses) {
    $checks.decisive.clear();
    expect(await faultOf(miss)).toBeNull();
    for (const check of $checks.decisive) {
      const known = byCheck.get(check);
      if (known) known.push(miss);
      else byCheck.set(check, [miss]);
    }
  }
  const caught: number[] = [];
  for (const [check, tried] of byCheck) {
    for (const miss of tried.slice(0, MAX_TRIES)) {
      $checks.deleted = check;
      const isCaught = await faultOf(miss).then(
        (fault) => fault !== null,
        () => true,
      );
      $checks.deleted = -1;
      if (!isCaught) continue;
      caught.push(check);
      break;
    }
  }
  const { MUTANTS_CAUGHT } = process.env;
  if (MUTANTS_CAUGHT) writeFileSync(MUTANTS_CAUGHT, JSON.stringify(caught));
  expect(caught.length).toBeGreaterThan(0);
}, 1_800_000);
