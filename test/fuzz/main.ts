/** `npm run fuzz -- --help`: random inputs by the clock or by number; see docs/reliability.md. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { prepareGpu } from '../../bench/harness/prepare-gpu';
import { addFigures, formatFigures } from './figures';
import type { Kind } from './kind';

const HELP = `Usage: npm run fuzz -- [options]

  --kind NAME     programs, models, sessions, mutants, rules, kernels or faults; all of them if not given
  --minutes N     for all kinds together (1)
  --seed S        the first seed (1); each seed is ${25} inputs
  --seeds N       this many seeds of each kind, whatever time they take
  --null          on Dawn's null device: crashes, types and hangs
  --record        adds what was tried to test/fuzz/figures.json
  --figures       prints what was tried so far, and tries nothing
`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string' },
    kind: { type: 'string' },
    null: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    figures: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help || values.figures) {
  process.stdout.write(values.help ? HELP : formatFigures());
  process.exit(0);
}
prepareGpu(values.null ? ['backend=null'] : []);

const tf = await import('@tensorflow/tfjs-core');
await import('@tensorflow/tfjs-backend-cpu');
await import('../../src/index');
const { settings } = await import('./compare');
const { programs } = await import('./programs');
const { models, mutants } = await import('./models');
const { sessions } = await import('./sessions');
const { rules } = await import('./graphs');
const { kernels } = await import('./kernels');
const { faults } = await import('./faults');
const kinds = [
  programs,
  models,
  sessions,
  mutants,
  rules,
  kernels,
  faults,
] as readonly Kind<unknown>[];
settings.comparesElements = !values.null;

const OWN_SOURCES = fileURLToPath(new URL('../../src/', import.meta.url));
// tfjs leaves functions of a model that has something wrong in it unawaited, and disposes of what they read:
// only what is thrown here may not be.
process.on('unhandledRejection', (error) => {
  const thrower = error instanceof Error ? /^ +at .*$/m.exec(error.stack ?? '')?.[0] : undefined;
  if (thrower?.includes(OWN_SOURCES)) throw error;
});

const warn = console.warn;
console.warn = () => undefined;
const device = values.null ? 'null' : 'adapter';
console.log(`seed ${values.seed}, ${device}`);

/** Inputs of one seed. */
const BATCH = 25;
/** Findings of one kind after which it is clear enough that there are some. */
const MAX_FOUND = 12;
/** Programs of fewer ops show less, and do not count. */
const MIN_OPS = 6;

const asked = kinds.filter(({ name }) => !values.kind || values.kind === name);
if (asked.length === 0)
  throw new Error(`got --kind ${values.kind}; needs ${kinds.map(({ name }) => name).join(', ')}`);
let failed = 0;
for (const kind of asked)
  failed += await fuzzKind(kind, (Number(values.minutes) * 60_000) / asked.length);
console.warn = warn;
process.exit(failed ? 1 : 0);

/** Inputs are tried one after another, also where one was given up because it took too long. */
function oneByOne<T, R>(check: (input: T) => Promise<R>): (input: T) => Promise<R> {
  let last: Promise<unknown> = Promise.resolve();
  return (input) => {
    const answer = last.catch(() => undefined).then(() => check(input));
    last = answer;
    return answer;
  };
}

async function fuzzKind(kind: Kind<unknown>, milliseconds: number): Promise<number> {
  const { name, inputs } = kind;
  const check = oneByOne((input: unknown) => kind.check(input));
  const start = performance.now();
  const first = Number(values.seed);
  const isOver = (seed: number): boolean =>
    values.seeds ? seed >= first + Number(values.seeds) : performance.now() - start >= milliseconds;
  let tried = 0;
  let counts = 0;
  let told = start;
  const found = new Map<string, string>();
  let seed = first;
  for (; !isOver(seed) && found.size < MAX_FOUND; seed++) {
    // What is tried in order to shrink a finding does not count.
    let isShrinking = false;
    const property = fc.asyncProperty(inputs, async (input) => {
      try {
        const ops = (await check(input)) ?? MIN_OPS;
        if (ops >= (name === 'mutants' ? 1 : MIN_OPS) && !isShrinking) counts++;
      } catch (error) {
        if (found.has(keyOf(error))) return;
        isShrinking = true;
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
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(`${name}: ${tried} tried (${counts} count), ${found.size} found, ${seconds} s`);
  if (values.record) {
    addFigures({ kind: name, device, seeds: [first, seed - 1], tried: counts, found: found.size });
  }
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
