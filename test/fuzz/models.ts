/** Graph models of several ops, control flow and words among them, and models with something wrong in them. */
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { assertAlive, checkAnswers, resultOf, type Result } from './compare';
import type { Kind } from './kind';
import { ModelDraft, PIECES } from './model-pieces';
import { mutate, MUTATION_KINDS, type Mutation } from './mutations';
import { hasRace } from './races';

interface Model {
  readonly pieces: readonly (readonly number[])[];
  /** Which values are asked for, by number; the constants of the model among them. */
  readonly wanted: readonly number[];
  readonly mutations: readonly Mutation[];
  /** What is fed is of another shape or type than the model says. */
  readonly isMisfed: boolean;
}

function build({ pieces, wanted, mutations, isMisfed }: Model) {
  const draft = new ModelDraft();
  for (const [which, a, b] of pieces) PIECES[which % PIECES.length][1](draft, a, b);
  const { graph, fed, refs } = draft;
  const constants = graph.nodes.filter(({ op }) => op === 'Const').map(({ name }) => name);
  const inputs = Object.keys(fed);
  // Mostly what is computed; now and then a weight, or what is fed.
  const odd = [...constants.slice(0, 2), ...inputs.slice(0, 1)];
  const all = [...refs, ...refs, ...odd];
  for (const mutation of mutations) mutate(graph.nodes, mutation);
  if (isMisfed) {
    const [name] = inputs;
    fed[name] = [
      tf.zeros([0, 3]),
      tf.ones([1, 2, 3, 4, 5]),
      tf.scalar(1, 'int32'),
      tf.tensor1d(['a'], 'string'),
    ][wanted[0] % 4];
  }
  return { graph, fed, outputs: [...new Set(wanted.map((n) => all[n % all.length]))] };
}

async function call(model: Model): Promise<Result[]> {
  const { graph, fed, outputs } = build(model);
  const results: Result[] = [];
  let loaded: ReturnType<typeof graph.load> | undefined;
  try {
    loaded = graph.load();
    // What runs first is compiled; what runs then is known.
    for (let turn = 0; turn < 2; turn++) {
      const made = [await loaded.executeAsync(fed, outputs)].flat();
      results.push(...(await Promise.all(made.map(resultOf))));
      const kept = new Set([...Object.values(loaded.weights).flat(), ...Object.values(fed)]);
      tf.dispose(made.filter((tensor) => !kept.has(tensor)));
    }
    return results;
  } finally {
    loaded?.dispose();
    tf.dispose(fed);
  }
}

async function check(model: Model): Promise<number> {
  const isHostile = model.mutations.length > 0 || model.isMisfed;
  const { nodes } = build(model).graph;
  const verdict = await checkAnswers(() => call(model), isHostile, isHostile && hasRace(nodes));
  await assertAlive();
  if (verdict === 'endless' || (verdict === 'refused' && !isHostile)) return 0;
  return nodes.filter(({ op }) => op !== 'Const' && op !== 'Placeholder').length;
}

function text(model: Model): string {
  const { graph, outputs, fed } = build(model);
  const { mutations, isMisfed } = model;
  return [
    ...mutations.map((mutation) => `mutated: ${JSON.stringify(mutation)}`),
    ...(isMisfed ? ['misfed'] : []),
    ...Object.entries(fed).map(([name, { dtype, shape }]) => `  feed ${name}: ${dtype} [${shape}]`),
    ...graph.nodes.map(
      ({ name, op, input, attr }) =>
        `  ${name} = ${op}(${input?.join() ?? ''}) ${JSON.stringify(attr)}`,
    ),
    `  outputs ${outputs.join()}`,
  ].join('\n');
}

const modelsWith = (
  mutations: fc.Arbitrary<readonly Mutation[]>,
  isMisfed: fc.Arbitrary<boolean>,
  sizes: { minLength: number; maxLength: number },
): fc.Arbitrary<Model> =>
  fc
    .record({
      pieces: fc.array(fc.tuple(fc.nat(PIECES.length - 1), fc.nat(200), fc.nat(50)), {
        ...sizes,
        size: 'max',
      }),
      wanted: fc.array(fc.nat(40), { minLength: 1, maxLength: 4 }),
      mutations,
      isMisfed,
    })
    .map((model) => Object.assign(model, { toString: () => text(model) }));

export const models: Kind<Model> = {
  name: 'models',
  inputs: modelsWith(fc.constant([]), fc.constant(false), { minLength: 3, maxLength: 9 }),
  check,
};

export const mutants: Kind<Model> = {
  name: 'mutants',
  inputs: modelsWith(
    fc.array(
      fc.record({
        kind: fc.constantFrom(...MUTATION_KINDS),
        node: fc.nat(30),
        which: fc.nat(9),
        value: fc.nat(100),
      }),
      { minLength: 1, maxLength: 2 },
    ),
    fc.constantFrom(false, false, false, false, true),
    { minLength: 1, maxLength: 4 },
  ),
  check,
};
