/**
 * Deletes checks one at a time under near misses of every rule: they are rewritten on the host and compiled, and
 * those on which a check said no are tried again without it.
 */
import fc from 'fast-check';
import { compilePlan } from '../../src/compiler/compile';
import { RefusedError } from '../../src/ir/infer/refused';
import { ruleFaultOf, targetedMisses, targetOf, type TargetedMiss } from '../../test/fuzz/graphs';
import { checkPlan } from '../../test/support/check-plan';
import { nearMissGraph } from '../../test/support/near-miss';
import { decisiveIn, failsWithout, left, tell } from './protocol';

const SAMPLES = 3000;
/** Near misses that a deleted check is tried on, at most. */
const MAX_TRIES = 20;
/** Rules whose graphs have elements by the hundred thousand. */
const LARGE = new Set(['split-reduction', 'split-depth']);

/** Compiles a near miss, and checks the plan. */
function compile(miss: TargetedMiss): void {
  const graph = nearMissGraph(miss);
  if (!graph) return;
  const target = targetOf(miss.target);
  try {
    checkPlan(compilePlan(graph, target, 'near miss'), target);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
  }
}

/** Throws if anything is wrong with a near miss as it is rewritten and compiled now. */
async function judge(miss: TargetedMiss): Promise<void> {
  compile(miss);
  expect(await ruleFaultOf(miss)).toBeNull();
}

test('near misses without one check', async () => {
  const misses = fc
    .sample(targetedMisses(), { numRuns: SAMPLES, seed: 1 })
    .filter(({ rule }, i) => !LARGE.has(rule) || i % 20 === 0);
  const byCheck = new Map([...left].map((check): [number, TargetedMiss[]] => [check, []]));
  for (const [at, miss] of misses.entries()) {
    if (at % 100 === 0) tell({ doing: `near misses with every check in place: ${at} of ${misses.length}` }); // prettier-ignore
    for (const check of await decisiveIn(() => compile(miss))) byCheck.get(check)?.push(miss);
  }
  for (const [check, tried] of byCheck) {
    tell({ at: check });
    const few = tried.slice(0, MAX_TRIES);
    let verdict = few.length === 0 ? 'never says no' : `not missed by ${few.length} near misses`;
    for (const miss of few) {
      const run = (): Promise<void> => judge(miss);
      // What is wrong anyway says nothing of the check.
      if (!(await failsWithout(check, run)) || (await failsWithout(-1, run))) continue;
      verdict = 'missed';
      break;
    }
    tell({ number: check, verdict });
  }
}, 3_600_000);
