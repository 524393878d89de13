import * as fc from 'fast-check';
import { program, runProgram } from './random-program';
import { expectClose, useLazy, useReference } from './support';

const RUNS = Number(process.env.RANDOM_PROGRAMS ?? 60);

test('random programs answer as on cpu, and leave nothing behind', async () => {
  await fc.assert(
    fc.asyncProperty(program, async (steps) => {
      await useReference('cpu');
      const expected = await runProgram(steps);
      await useLazy();
      const actual = await runProgram(steps);
      expect(actual.tensors).toBe(expected.tensors);
      expect(actual.dataIds).toBe(expected.dataIds);
      expect(actual.read).toHaveLength(expected.read.length);
      expected.read.forEach((values, i) => expectClose(actual.read[i], values, 1e-4));
    }),
    { numRuns: RUNS, seed: 4, endOnFailure: false },
  );
}, 600_000);
