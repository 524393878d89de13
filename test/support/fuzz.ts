/**
 * How long the random tests run, and from which seed. The same cases every time by default;
 * `FUZZ_RUNS=20` runs twenty times as many, `FUZZ_SEED=random` others each time.
 */
export function fuzz(numRuns: number): { numRuns: number; seed: number } {
  const { FUZZ_RUNS = '1', FUZZ_SEED = '1' } = process.env;
  const seed = FUZZ_SEED === 'random' ? Date.now() & 0x7fffffff : Number(FUZZ_SEED);
  return { numRuns: Math.ceil(numRuns * Number(FUZZ_RUNS)), seed };
}
