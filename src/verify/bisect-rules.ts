/** Finds the rewrite after which a graph no longer computes what it did: on the host, without a shader. */
import { simplifyAndRewrite } from '../compiler/compile';
import { copyGraph, Graph, type Value } from '../ir/graph';
import type { RewriteRecord } from '../report/record';
import type { PlanDevice } from '../runtime/plan-device';
import { findDifference, type Difference } from './judge';
import { knownOf, type RunContents } from './plan-run';
import {
  CANCELLING,
  evaluateGraph,
  evaluateValues,
  single,
  type Doubles,
  type Precision,
} from './reference';

export interface RuleFault {
  readonly rewrite: RewriteRecord;
  readonly output: number;
  readonly difference: Difference;
  /** The part of the graph that shows it, and its inputs. */
  readonly graph: Graph;
  readonly contents: Pick<RunContents, 'inputs' | 'constants'>;
}

type Contents = Pick<RunContents, 'inputs' | 'constants'>;

/** How a graph is compiled. */
type Compiling = Pick<PlanDevice, 'target' | 'compileOptions'>;

/** Samples of float32 that tolerances are taken from: at first, and where these would have it wrong. */
const FEW = 2;
const MANY = 10;

/** What a graph comes to: exactly, and as float32 may have it. */
export interface Expectation {
  readonly outputs: readonly Doubles[];
  /** The first `count`, each computed when first asked for. */
  samples(count: number): Promise<readonly (readonly Doubles[])[]>;
  /** Where compilers cancel infinities. */
  cancelled(): Promise<readonly Doubles[]>;
}

export async function expectationOf(graph: Graph, contents: Contents): Promise<Expectation> {
  const evaluate = (precision?: Precision): Promise<Doubles[]> =>
    evaluateGraph(graph, knownOf(graph, contents), precision);
  const outputs = await evaluate();
  const sampled: (readonly Doubles[])[] = [];
  let cancelled: Promise<readonly Doubles[]> | undefined;
  return {
    outputs,
    async samples(count) {
      while (sampled.length < count) sampled.push(await evaluate(single(sampled.length + 1)));
      return sampled.slice(0, count);
    },
    cancelled: () => (cancelled ??= evaluate(CANCELLING)),
  };
}

/** The first output that is wrong, and how. */
export async function findWrongOutput(
  { outputs: specs }: Pick<Graph, 'outputs'>,
  expectation: Expectation,
  actual: readonly (ArrayLike<number> | null)[],
  originals: readonly (ArrayLike<number> | undefined)[] = [],
): Promise<{ output: number; difference: Difference } | null> {
  for (const [output, elements] of actual.entries()) {
    if (!elements) continue;
    const { dtype } = specs[output];
    const expected = expectation.outputs[output];
    if (!findDifference(elements, { dtype, expected, samples: [] })) continue;
    const original = originals[output];
    const differenceBy = async (count: number, cancelled?: Doubles): Promise<Difference | null> => {
      const samples = (await expectation.samples(count)).map((sample) => sample[output]);
      return findDifference(elements, { dtype, expected, samples, original, cancelled });
    };
    if (!(await differenceBy(FEW))) continue;
    const difference = await differenceBy(MANY, (await expectation.cancelled())[output]);
    if (difference) return { output, difference };
  }
  return null;
}

/** The first rewrite that changes what `source` computes; null if none does. */
export async function findRuleFault(
  device: Compiling,
  source: Graph,
  contents: Contents,
  expectation: Expectation,
): Promise<RuleFault | null> {
  const wrongAfter = (limit: number) =>
    wrongAfterRewrites(device, source, contents, expectation, limit);
  const whole = await wrongAfter(Infinity);
  if (!whole.wrong) return null;
  // Right after `right` rewrites, wrong after `wrong` of them.
  let right = 0;
  let wrong = whole.rewrites.length;
  let { wrong: found } = whole;
  while (wrong - right > 1) {
    const middle = (right + wrong) >> 1;
    const { wrong: here } = await wrongAfter(middle);
    if (here) [wrong, found] = [middle, here];
    else right = middle;
  }
  const rewrite = whole.rewrites[wrong - 1];
  const { output, difference } = found;
  const cut = await cutOut(source, contents, rewrite.nodes);
  const isShown =
    cut !== null &&
    (await wrongAfterRewrites(
      device,
      cut.graph,
      cut.contents,
      await expectationOf(cut.graph, cut.contents),
      Infinity,
    ).then(({ wrong: still }) => still !== null));
  const part = cut !== null && isShown ? cut : { graph: source, contents };
  return { rewrite, output, difference, ...part };
}

async function wrongAfterRewrites(
  device: Compiling,
  source: Graph,
  contents: Contents,
  expectation: Expectation,
  limit: number,
) {
  const graph = copyGraph(source);
  const { rewrites } = simplifyAndRewrite(graph, device.target, {
    ...device.compileOptions,
    limit,
  });
  const outputs = await evaluateGraph(graph, knownOf(graph, contents));
  const stored = graph.outputs.map(({ dtype }, i) =>
    dtype === 'float32' ? Float32Array.from(outputs[i]) : outputs[i],
  );
  return { rewrites, wrong: await findWrongOutput(source, expectation, stored) };
}

/** The nodes of some origins as a graph of their own, fed with what the rest of `source` computes. */
async function cutOut(
  source: Graph,
  contents: Contents,
  origins: readonly string[],
): Promise<{ graph: Graph; contents: Contents } | null> {
  const names = new Set(origins);
  const kept = source.nodes.filter((node) => node.origins.some((name) => names.has(name)));
  if (kept.length === 0 || kept.length === source.nodes.length) return null;
  const inside = new Set(kept.flatMap(({ outputs }) => outputs));
  const isFed = (value: Value): boolean => !inside.has(value) && !value.constant;
  const fed = [...new Set(kept.flatMap(({ inputs }) => inputs).filter(isFed))];
  const others = source.nodes.filter((node) => !kept.includes(node));
  const readOutside = new Set([...others.flatMap(({ inputs }) => inputs), ...source.outputs]);
  const part = new Graph();
  part.inputs.push(...fed);
  part.nodes = kept;
  part.outputs = [...inside].filter((value) => readOutside.has(value));
  const elements = await evaluateValues(fed, knownOf(source, contents));
  const inputs = elements.map((one, i) =>
    fed[i].dtype === 'float32' ? one.map(Math.fround) : one,
  );
  // The copy's nodes have their inputs as producers no more.
  return { graph: copyGraph(part), contents: { inputs, constants: contents.constants } };
}
