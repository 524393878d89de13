/** `npm run fuzz -- --minutes N [--seed S] [--kind programs|models|mutants] [--null]`: see docs/reliability.md. */
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { prepareGpu } from '../../bench/harness/prepare-gpu';
import type { Kind } from './kind';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    kind: { type: 'string' },
    null: { type: 'boolean', default: false },
  },
});
prepareGpu(values.null ? ['backend=null'] : []);

const tf = await import('@tensorflow/tfjs-core');
await import('@tensorflow/tfjs-backend-cpu');
await import('../../src/index');
const { programs } = await import('./programs');
const { models, mutants } = await import('./models');
const kinds = [programs, models, mutants] as readonly Kind<unknown>[];

const warn = console.warn;
console.warn = () => undefined;
console.log(`seed ${values.seed}, ${values.minutes} minutes${values.null ? ', null device' : ''}`);

/** Inputs between two looks at the clock. */
const BATCH = 25;
/** Findings of one kind after which it is clear enough that there are some. */
const MAX_FOUND = 12;

const asked = kinds.filter(({ name }) => !values.kind || values.kind === name);
if (asked.length === 0)
  throw new Error(`got --kind ${values.kind}; needs ${kinds.map(({ name }) => name).join(', ')}`);
let failed = 0;
for (const kind of asked)
  failed += await fuzzKind(kind, (Number(values.minutes) * 60_000) / asked.length);
console.warn = warn;
process.exit(failed ? 1 : 0);

async function fuzzKind(
  { name, inputs, check }: Kind<unknown>,
  milliseconds: number,
): Promise<number> {
  const end = performance.now() + milliseconds;
  let tried = 0;
  let told = performance.now();
  const found = new Map<string, string>();
  for (let seed = Number(values.seed); performance.now() < end && found.size < MAX_FOUND; seed++) {
    const property = fc.asyncProperty(inputs, async (input) => {
      try {
        await check(input);
      } catch (error) {
        if (found.has(keyOf(error))) return;
        if (
          !values.null ||
          !/element|^rule|^kernel|^plan|afterwards/.test((error as Error).message)
        )
          throw error;
      } finally {
        tf.disposeVariables();
      }
    });
    const result = await fc.check(property, {
      numRuns: BATCH,
      seed,
      interruptAfterTimeLimit: 60_000,
    });
    tried += result.numRuns;
    if (result.failed && result.counterexample) {
      const key = keyOf(result.errorInstance);
      const message = messageOf(result.errorInstance);
      if (!found.has(key)) {
        found.set(key, message);
        console.log(
          `\n${name}, seed ${seed}, shrunk ${result.numShrinks} times:\n${String(result.counterexample[0])}\n→ ${message.slice(0, 1500)}\n`,
        );
      }
    }
    if (performance.now() - told < 10_000) continue;
    told = performance.now();
    console.log(`${name}: ${tried} tried, ${found.size} found, at seed ${seed}`);
  }
  console.log(`${name}: ${tried} tried, ${found.size} found`);
  return found.size;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'interrupted';
}

/** Findings that differ in numbers only are one. */
function keyOf(error: unknown): string {
  return messageOf(error)
    .replace(/-?\d+(\.\d+)?(e[-+]?\d+)?|NaN|-?Infinity/g, 'n')
    .slice(0, 80);
}
