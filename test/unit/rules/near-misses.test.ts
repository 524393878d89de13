/** Graphs that are nearly what a rule looks for: whatever fires on them changes no answer. */
import fc from 'fast-check';
import { fuzz } from '../../support/fuzz';
import { firedOn, ruleFaultOf, rulesAtAll, targetedMisses } from '../../fuzz/graphs';

/** Its graphs have elements by the hundred thousand. */
const RUNS: Readonly<Record<string, number>> = { 'split-reduction': 3, 'split-depth': 3 };

test.each(rulesAtAll)('nearly %s', async (name) => {
  let fired = 0;
  const property = fc.asyncProperty(targetedMisses([name]), async (miss) => {
    fired += firedOn(miss).length;
    expect(await ruleFaultOf(miss)).toBeNull();
  });
  await fc.assert(property, fuzz(RUNS[name] ?? 40));
  // What never fires shows nothing.
  expect(fired).toBeGreaterThan(0);
});
