/** Graph models of several ops, and models with something wrong in them. */
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { refKey, type AttrValue, type NodeDef } from '../../src/graph-model/graph-def';
import { opCases, type OpCase } from '../unit/graph-model/support/op-cases';
import { modelOf } from '../unit/graph-model/support/run-case';
import { assertAlive, differenceOf, judged, resultOf, type Result } from './compare';
import { inTime, type Kind } from './kind';

type Built = ReturnType<typeof modelOf>;

const cases = opCases.filter(({ operands }) => operands.some(({ kind }) => kind === 'fed'));

/** What follows the op of a case. */
const TAILS = ['Abs', 'Neg', 'Relu', 'Square', 'Tanh', 'Sigmoid', 'Softplus', 'Identity'];

interface Model {
  readonly at: number;
  readonly tails: readonly string[];
  /** Which values are asked for, by number; the constants of the model among them. */
  readonly wanted: readonly number[];
  readonly mutation: Mutation | null;
}

interface Mutation {
  readonly kind: 'attr' | 'drop' | 'rewire' | 'weight';
  readonly node: number;
  readonly which: number;
  readonly value: number;
}

/** Values of attributes that nobody should write. */
const VALUES: readonly AttrValue[] = [
  { i: '0' },
  { i: '-1' },
  { i: '2147483647' },
  { f: NaN },
  { s: btoa('SIDEWAYS') },
  { b: true },
  { list: { i: [] } },
  { list: { i: ['0', '0', '0', '0'] } },
  { list: { i: ['1', '-1', '-1', '1'] } },
  { list: { i: ['1', '1000000', '1000000', '1'] } },
  { type: 'DT_INT32' },
  { type: 'DT_BOOL' },
  { shape: { dim: [{ size: 0 }] } },
];

function build({ at, tails, wanted, mutation }: Model): Built & { outputs: string[] } {
  const built = modelOf(cases[at % cases.length]);
  const { graph } = built;
  const refs = [...built.refs];
  tails.forEach((op, i) => {
    const from = refs[(i * 7 + at) % refs.length];
    graph.node(`float${i}`, 'Cast', [from], { DstT: { type: 'DT_FLOAT' } });
    graph.node(`tail${i}`, op, [`float${i}`]);
    refs.push(`tail${i}`);
  });
  const constants = graph.nodes
    .filter(({ op }) => op === 'Const')
    .map(({ name }) => refKey(name, 0));
  const all = [...refs, ...constants];
  if (mutation) mutate(graph.nodes, mutation);
  return { ...built, outputs: [...new Set(wanted.map((n) => all[n % all.length]))] };
}

function mutate(nodes: NodeDef[], { kind, node: n, which, value }: Mutation): void {
  const own = nodes.filter(({ op }) => op !== 'Placeholder' && op !== 'Const');
  const node = own[n % own.length];
  const input = node.input ?? [];
  const names = Object.keys(node.attr ?? {});
  const attrs = node.attr as Record<string, AttrValue>;
  const name = names[which % names.length];
  switch (kind) {
    case 'attr':
      if (name) attrs[name] = VALUES[value % VALUES.length];
      break;
    case 'drop':
      if (name) delete attrs[name];
      break;
    case 'rewire':
      if (input.length) {
        const other = nodes[value % nodes.length].name;
        const inputs = input.map((name, i) => (i === which % input.length ? other : name));
        nodes[nodes.indexOf(node)] = { ...node, input: inputs };
      }
      break;
    case 'weight': {
      const at = nodes.findIndex(({ op }) => op === 'Const');
      if (at >= 0) nodes.splice(at, 1);
    }
  }
}

async function call(model: Model): Promise<Result[]> {
  const { graph, fed, outputs } = build(model);
  const loaded = graph.load();
  try {
    const made = [await loaded.executeAsync(fed, outputs)].flat();
    const results = await Promise.all(made.map(resultOf));
    tf.dispose(made.filter((tensor) => !Object.values(loaded.weights).flat().includes(tensor)));
    return results;
  } finally {
    loaded.dispose();
    tf.dispose(fed);
  }
}

const outcomeOf = (run: () => Promise<Result[]>): Promise<Result[] | Error> =>
  run().catch((error: unknown) => error as Error);

async function check(model: Model): Promise<void> {
  await tf.setBackend('cpu');
  const expected = await outcomeOf(() => inTime(() => call(model)));
  const divergence = /^(rule|kernel|plan|it took)/;
  const actual = await outcomeOf(() => inTime(() => judged(() => call(model))));
  if (actual instanceof Error) {
    if (divergence.test(actual.message)) throw actual;
    if (!(expected instanceof Error)) throw new Error(`throws: ${actual.stack}`, { cause: actual });
  } else if (!(expected instanceof Error)) {
    expected.forEach((result, i) => {
      const difference = differenceOf(actual[i], result);
      if (difference) throw new Error(`output ${i}: ${difference}`);
    });
  }
  await assertAlive();
}

function text(model: Model): string {
  const test: OpCase = cases[model.at % cases.length];
  const { graph, outputs } = build(model);
  const mutation = model.mutation ? `, mutated: ${JSON.stringify(model.mutation)}` : '';
  return [
    `${test.op}: ${test.what}${mutation}`,
    ...graph.nodes.map(
      ({ name, op, input, attr }) =>
        `  ${name} = ${op}(${input?.join() ?? ''}) ${JSON.stringify(attr)}`,
    ),
    `  outputs ${outputs.join()}`,
  ].join('\n');
}

const models_ = (mutation: fc.Arbitrary<Mutation | null>) =>
  fc
    .record({
      at: fc.nat(cases.length - 1),
      tails: fc.array(fc.constantFrom(...TAILS), { maxLength: 8 }),
      wanted: fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }),
      mutation,
    })
    .map((model) => Object.assign(model, { toString: () => text(model) }));

export const models: Kind<Model> = { name: 'models', inputs: models_(fc.constant(null)), check };

export const mutants: Kind<Model> = {
  name: 'mutants',
  inputs: models_(
    fc.record({
      kind: fc.constantFrom(
        'attr' as const,
        'attr' as const,
        'drop' as const,
        'rewire' as const,
        'weight' as const,
      ),
      node: fc.nat(9),
      which: fc.nat(9),
      value: fc.nat(30),
    }),
  ),
  check,
};
