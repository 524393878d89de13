/** Eager programs over hostile tensors: empty ones, ranks 0 to 6, int32 and bool, NaN and infinities, aliases. */
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { checkAnswers, resultOf, type Result } from './compare';
import type { Kind } from './kind';
import { STEP_NAMES, STEPS } from './steps';

type DType = 'float32' | 'int32' | 'bool';

interface Input {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly seed: number;
  readonly isSpecial: boolean;
  /** Whether it is another view of the input before it. */
  readonly isAlias: boolean;
}

interface Line {
  readonly step: string;
  readonly operands: readonly number[];
  readonly numbers: readonly number[];
}

interface Program {
  readonly inputs: readonly Input[];
  readonly lines: readonly Line[];
}

const SPECIAL = [NaN, Infinity, -Infinity, -0, 0, 1];
/** At the edges of int32, where sums and products wrap, and beyond what a float32 counts. */
const SPECIAL_INTS = [0, -1, 2 ** 31 - 1, -(2 ** 31), 16777217, 46341];

function elements({ shape, dtype, seed, isSpecial }: Input): number[] {
  const size = tf.util.sizeFromShape([...shape]);
  return Array.from({ length: size }, (_, i) => {
    const wave = (((i + 1) * (seed + 3) * 37) % 23) / 11 - 1;
    const special = isSpecial && i % 3 === 0;
    if (dtype === 'bool') return wave > 0 ? 1 : 0;
    if (dtype === 'int32') {
      return special ? SPECIAL_INTS[(i / 3 + seed) % SPECIAL_INTS.length] : Math.round(wave * 4);
    }
    return special ? SPECIAL[(i / 3 + seed) % SPECIAL.length] : wave;
  });
}

function makeInputs(inputs: readonly Input[]): tf.Tensor[] {
  const made: tf.Tensor[] = [];
  for (const input of inputs) {
    const before = made.at(-1);
    if (input.isAlias && before) {
      made.push(tf.reshape(before, [before.size]));
      continue;
    }
    const values = elements(input);
    const { shape, dtype } = input;
    made.push(tf.tensor(dtype === 'bool' ? Uint8Array.from(values) : values, [...shape], dtype));
  }
  return made;
}

const MAX_SIZE = 300;

/** Runs a program; lines whose numbers are in `skipped` are left out, and those that throw are added to it. */
async function run(
  { inputs, lines }: Program,
  skipped: Set<number>,
  isFirst: boolean,
): Promise<readonly Result[]> {
  const tensors = makeInputs(inputs);
  const made: tf.Tensor[] = [];
  try {
    for (const [at, { step, operands, numbers }] of lines.entries()) {
      if (skipped.has(at)) continue;
      try {
        const xs = operands.map((n) => tensors[n % tensors.length]);
        const results = tf.tidy(() => {
          const all = [STEPS[step](xs, numbers)].flat();
          const isFine = all.every(({ size, rank }) => size <= MAX_SIZE && rank <= 6);
          if (!isFine) throw new Error('too large to go on with');
          return all;
        });
        tensors.push(...results);
        made.push(...results);
      } catch (error) {
        if (!isFirst) {
          const { message } = error as Error;
          throw new Error(`line ${at}, ${step}: ${message}`, { cause: error });
        }
        skipped.add(at);
      }
    }
    const kept = made.filter((_, i) => i % 3 === 0 || i >= made.length - 2);
    // What nobody asks for is fused away.
    tf.dispose(tensors.filter((tensor) => !kept.includes(tensor)));
    return await Promise.all(kept.map(resultOf));
  } finally {
    tf.dispose(tensors.filter(({ isDisposed }) => !isDisposed));
  }
}

/** Answers how many lines were right; those that throw on `cpu` are none. */
async function check(program: Program): Promise<number> {
  const skipped = new Set<number>();
  let isFirst = true;
  await checkAnswers(() => {
    const results = run(program, skipped, isFirst);
    isFirst = false;
    return results;
  });
  return program.lines.length - skipped.size;
}

const dims = fc.constantFrom(1, 2, 3, 4, 5, 8);
const shape = fc.oneof(
  { weight: 4, arbitrary: fc.array(dims, { maxLength: 3 }) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom(1, 2), dims, dims, fc.constantFrom(1, 3, 4)) },
  { weight: 1, arbitrary: fc.array(fc.constantFrom(0, 1, 2, 3), { minLength: 1, maxLength: 6 }) },
);

const text = ({ inputs, lines }: Program): string =>
  [
    ...inputs.map(({ shape: dims_, dtype, isSpecial, isAlias, seed }, i) =>
      isAlias && i > 0
        ? `t${i} = t${i - 1} as a vector`
        : `t${i} = ${dtype} [${dims_}]${isSpecial ? ' with edges' : ''}, seed ${seed}`,
    ),
    ...lines.map(
      ({ step, operands, numbers }, i) =>
        `line ${i}: ${step}(t${operands.join(', t')}; ${numbers})`,
    ),
  ].join('\n');

export const programs: Kind<Program> = {
  name: 'programs',
  inputs: fc
    .record({
      inputs: fc.array(
        fc.record({
          shape,
          dtype: fc.constantFrom<DType>('float32', 'float32', 'float32', 'int32', 'bool'),
          seed: fc.nat(9),
          isSpecial: fc.constantFrom(false, false, true),
          isAlias: fc.constantFrom(false, false, false, true),
        }),
        { minLength: 1, maxLength: 4 },
      ),
      lines: fc.array(
        fc.record({
          step: fc.oneof(...STEP_NAMES.map((names) => fc.constantFrom(...names))),
          operands: fc.array(fc.nat(20), { minLength: 3, maxLength: 3 }),
          numbers: fc.array(fc.nat(11), { minLength: 2, maxLength: 2 }),
        }),
        { minLength: 8, maxLength: 20, size: 'max' },
      ),
    })
    .map((program) => Object.assign(program, { toString: () => text(program) })),
  check,
};
