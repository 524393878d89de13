/** Plans that go from one visit to the next: nothing searched for, nothing written, and the same bits. */
import * as tf from '@tensorflow/tfjs-core';
import { explain, register, registerFusion, pattern } from '../../../src/index';
import { exportPlan, importPlan, keepPlan, recallPlan, type PlanJson } from '../../../src/plans';
import { digestOf } from '../../../src/plans/plan-json';
import * as models from '../../support/any-size-models';
import { useBackend } from '../../support/gpu';
import { seededNumbers } from '../../support/small-graph-model';

jest.setTimeout(300_000);

type Model = ReturnType<ReturnType<typeof models.encoder>['load']>;

/** A backend that remembers nothing of those before. */
async function visit(): Promise<void> {
  if (tf.getBackend() === 'webgpu-fused') tf.removeBackend('webgpu-fused');
  register();
  await useBackend(tf, 'webgpu-fused');
}

async function run(model: Model, shape: number[], seed: number): Promise<number[]> {
  const x = tf.tensor(seededNumbers(seed, tf.util.sizeFromShape(shape)), shape);
  const y = model.predict(x) as tf.Tensor;
  const values = Array.from(await y.data());
  tf.dispose([x, y]);
  return values;
}

/** Rules that were tried at nodes where their structure was looked for, in all plans of a model's last call. */
const triedIn = (model: Model): number =>
  explain(model)
    .regions.flatMap(({ plan }) => plan?.rules ?? [])
    .reduce((sum, { tried }) => sum + tried, 0);

const stepsOf = ({ rewritings }: PlanJson, anySize: boolean): number =>
  rewritings
    .filter((rewriting) => rewriting.anySize === anySize)
    .reduce((sum, { stages }) => sum + stages.flat().length, 0);

// prettier-ignore
describe.each([
  ['an encoder', models.encoder, [[2, 12, models.WIDTH], [3, 7, models.WIDTH]]],
  ['an upscaler', models.upscaler, [[1, 6, 8, 3], [1, 7, 9, 3]]],
] as const)('%s', (_name, write, shapes) => {
  test('of two visits the second writes and searches for nothing', async () => {
    await visit();
    const first = write().load();
    const expected = [];
    for (const [at, shape] of shapes.entries()) expected.push(await run(first, [...shape], at + 1));
    const searched = triedIn(first);
    const { dispatches, compilation } = explain(first);
    const plan = await exportPlan(first);
    expect(compilation.text.written).toBeGreaterThan(0);
    first.dispose();

    await visit();
    const second = write().load();
    const { programs, rewritings } = await importPlan(second, JSON.stringify(plan));
    expect([programs, rewritings]).toEqual([plan.programs.length, plan.rewritings.length]);
    for (const [at, shape] of shapes.entries()) {
      expect(await run(second, [...shape], at + 1)).toEqual(expected[at]);
    }
    const now = explain(second);
    expect(now.dispatches).toEqual(dispatches);
    expect(now.compilation.text.written).toBe(0);
    expect(now.compilation.text.found).toBe(compilation.text.written + compilation.text.found);
    // The last shape's plan was made by the steps of the plan for any size, and no other rule was tried.
    expect(triedIn(second)).toBe(stepsOf(plan, true));
    expect(triedIn(second)).toBeLessThan(searched);
    expect((await exportPlan(second)).programs).toHaveLength(plan.programs.length);
    second.dispose();
  });
});

describe('what does not fit is refused, and the model compiles as ever', () => {
  const shape = [2, 12, models.WIDTH];
  let plan: PlanJson;
  let expected: number[];
  beforeAll(async () => {
    await visit();
    const model = models.encoder().load();
    expected = await run(model, shape, 1);
    plan = await exportPlan(model);
    model.dispose();
  });

  /** An export that says something else, with the checksum that it would have. */
  async function changed(changes: Partial<PlanJson>): Promise<PlanJson> {
    const { checksum: _, ...rest } = { ...plan, ...changes };
    return { ...rest, checksum: await digestOf(rest) };
  }

  test.each<[string, () => PlanJson | string | Promise<PlanJson>, string]>([
    ['no JSON', () => '{', 'got text that is no JSON; needs what exportPlan() gave'],
    ['something else', () => '[]', 'got something else'],
    ['null', () => 'null', 'got something else'],
    [
      'a cut one',
      () => ({ ...plan, texts: plan.texts.slice(1) }),
      'a plan that was changed or cut',
    ],
    ['another version', () => changed({ version: '0.0.1' }), "version '0.0.1'; needs '0.1.0'"],
    ['another adapter', () => changed({ adapter: 'apple, m3' }), "adapter 'apple, m3'"],
    [
      'another device',
      () => changed({ target: { ...plan.target, maxStorageBuffers: 3 } }),
      "a device whose maxStorageBuffers is '3'",
    ],
    ['another model', () => changed({ model: 'abc' }), "got a plan for the model 'abc'"],
    ['other rules', () => changed({ rules: ['mine'] }), "other rules, in number '1'"],
  ])('%s', async (_name, json, reason) => {
    await visit();
    const model = models.encoder().load();
    await expect(Promise.resolve(json()).then((it) => importPlan(model, it))).rejects.toThrow(
      reason,
    );
    expect(await run(model, shape, 1)).toEqual(expected);
    expect(explain(model).compilation.text.written).toBeGreaterThan(0);
    model.dispose();
  });

  test('a plan of an app that has a rule of its own', async () => {
    await visit();
    const remove = registerFusion({
      name: 'mine',
      equation: 'none',
      match: pattern.op('Sqrt', [pattern.any('x')]),
      rewrite: () => [],
    });
    const model = models.encoder().load();
    await expect(importPlan(model, plan)).rejects.toThrow('got a plan for other rules');
    remove();
    model.dispose();
  });

  test('a model that has not run, another backend', async () => {
    await visit();
    const model = models.encoder().load();
    await expect(exportPlan(model)).rejects.toThrow('got a model without a plan');
    await useBackend(tf, 'webgpu');
    await expect(importPlan(model, plan)).rejects.toThrow(
      'importPlan: got a model that is not rewritten',
    );
    await useBackend(tf, 'webgpu-fused');
    model.dispose();
  });
});

test('without IndexedDB nothing is kept, and nothing breaks', async () => {
  await visit();
  const model = models.encoder().load();
  expect(await recallPlan(model)).toBeNull();
  await run(model, [2, 12, models.WIDTH], 1);
  expect(await keepPlan(model)).toBe(false);
  model.dispose();
});
