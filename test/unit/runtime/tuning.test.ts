import { isolate } from '../../../src/compiler/isolate';
import { compilePlan } from '../../../src/compiler/compile';
import type { KernelTarget } from '../../../src/fused-kernels/target';
import { GraphBuilder } from '../../../src/ir/builder';
import { copyGraph, type Graph } from '../../../src/ir/graph';
import { formatChoice } from '../../../src/report/text';
import { rankContenders, type Contender } from '../../../src/runtime/tuning/rank';
import { TuningTable, type TunedChoice } from '../../../src/runtime/tuning/table';
import { gpuTarget } from '../fused-kernels/target';
import { float } from '../patterns/fuse';

const limits = {
  rounds: 5,
  minRounds: 3,
  milliseconds: 1000,
  mostMilliseconds: 2000,
  margin: 1.05,
};

/** A clock that stands still but while something is measured, and what it measured, in order. */
function contest(times: Readonly<Record<string, readonly number[]>>) {
  let now = 0;
  const order: string[] = [];
  const contenders = Object.entries(times).map(([name, values]): Contender => {
    let next = 0;
    return {
      name,
      measure: async () => {
        order.push(name);
        const microseconds = values[next++ % values.length];
        now += microseconds / 1000;
        return microseconds;
      },
    };
  });
  return { contenders, order, now: () => now };
}

describe('contenders', () => {
  test('are measured in turn, each round beginning with another', async () => {
    const { contenders, order, now } = contest({ a: [1], b: [1], c: [1] });
    await rankContenders(contenders, { ...limits, rounds: 3 }, now);
    expect(order.join('')).toBe('abcbcacab');
  });

  test('are compared by medians: what is slow once is no slower', async () => {
    const { contenders, now } = contest({ table: [100, 101, 99], other: [80, 900, 82, 81, 80] });
    expect(await rankContenders(contenders, limits, now)).toEqual({
      best: 'other',
      times: { table: 100, other: 81 },
    });
  });

  test('leave the first one in place unless another is faster by the margin', async () => {
    const { contenders, now } = contest({ table: [100], other: [96] });
    expect(await rankContenders(contenders, limits, now)).toMatchObject({ best: 'table' });
    const clear = contest({ table: [100], other: [95] });
    expect(await rankContenders(clear.contenders, limits, clear.now)).toMatchObject({
      best: 'other',
    });
  });

  test('stop where time is up, if there were rounds enough', async () => {
    const { contenders, order, now } = contest({ table: [300_000], other: [200_000] });
    expect(await rankContenders(contenders, limits, now)).toMatchObject({ best: 'other' });
    expect(order).toHaveLength(6);
  });

  test('decide nothing where they take so long that there are not', async () => {
    const { contenders, order, now } = contest({ table: [700_000], other: [500_000] });
    expect(await rankContenders(contenders, limits, now)).toBeNull();
    expect(order).toHaveLength(4);
  });
});

const tuned: TunedChoice = {
  family: 'product',
  shape: 'rows 64',
  best: '32x32',
  times: { '64x64': 20, '32x32': 10 },
};

describe('a table', () => {
  const filled = (): TuningTable => {
    const table = new TuningTable('1.2.3', 'nvidia, hopper');
    table.add(tuned);
    return table;
  };

  test('finds again what was exported, as an object and as text', () => {
    const exported = filled().toJSON();
    for (const json of [exported, JSON.stringify(exported)]) {
      const table = new TuningTable('1.2.3', 'nvidia, hopper');
      expect(table.import(json)).toBe(1);
      expect(table.find(tuned)).toEqual(tuned);
      expect(table.toJSON()).toEqual(exported);
    }
  });

  test.each([
    ['text that is no JSON', '{', 'got text that is no JSON'],
    ['null', null, 'got something else'],
    ['a number', 7, 'got something else'],
    ['other JSON', { choices: [] }, 'got something else'],
    [
      'no choices',
      { ...filled().toJSON(), choices: {} },
      'got an object without version, adapter or choices',
    ],
    [
      'a broken choice',
      { ...filled().toJSON(), choices: [tuned, { ...tuned, times: { '32x32': '10' } }] },
      'got a choice, number 1, without',
    ],
    [
      'a choice of what was not measured',
      { ...filled().toJSON(), choices: [{ ...tuned, best: '8x8' }] },
      'got a choice, number 0, without',
    ],
    [
      'another version',
      { ...filled().toJSON(), version: '1.2.4' },
      "got choices for version '1.2.4'; needs '1.2.3'",
    ],
    [
      'another adapter',
      { ...filled().toJSON(), adapter: 'apple' },
      "got choices for adapter 'apple'; needs 'nvidia, hopper'",
    ],
  ])('refuses %s, and takes nothing of it', (_name, json, message) => {
    const table = new TuningTable('1.2.3', 'nvidia, hopper');
    expect(() => table.import(json)).toThrow(message);
    expect(table.size).toBe(0);
  });
});

/** relu(x · w), a product of many terms. */
function product(): Graph {
  const b = new GraphBuilder();
  const attrs = { transposeA: false, transposeB: false };
  b.graph.outputs = [
    b.op('Relu', [b.op('BatchMatMul', [float(b, 64, 512), float(b, 512, 96)], attrs)]),
  ];
  return b.graph;
}

describe('a plan', () => {
  const table = new TuningTable('1.2.3', 'nvidia');
  const target: KernelTarget = {
    ...gpuTarget,
    choose: (choice) => table.find(choice)?.best,
    timesOf: (choice) => table.find(choice)?.times,
  };
  const plan = compilePlan(product(), target, 'table');
  const [made] = plan.choices;

  test('says which candidate it takes, by the table where nothing was measured', () => {
    expect(made.picked).toBe(made.choice.candidates[0]);
    const { choice } = plan.record.kernels[0];
    expect(choice).toEqual({
      candidate: made.picked,
      by: 'table',
      candidates: made.choice.candidates.length,
    });
    expect(choice && formatChoice(choice)).toMatch(/ \(by the table, of \d+\)$/);
  });

  test('takes what was measured to be best, and says how long each took', () => {
    const [first, second] = made.choice.candidates;
    table.add({ ...made.choice, best: second, times: { [first]: 20.5, [second]: 10 } });
    const source = product();
    const copy = copyGraph(source);
    const again = compilePlan(source, target, 'tuned');
    expect(again.choices[0]).toMatchObject({ picked: second, isTuned: true });
    const { choice } = again.record.kernels[0];
    expect(choice && formatChoice(choice)).toBe(
      `${second} (tuned: ${first} 20.5 µs, ${second} 10 µs)`,
    );
    // Compiling changes a graph, but not its copy.
    const shaders = ({ dispatches }: typeof again): string[] =>
      dispatches.map(({ program }) => program.wgsl);
    expect(shaders(compilePlan(copy, target, 'copy'))).toEqual(shaders(again));
  });

  test('has each of its choices by itself, divided or whole', () => {
    const names = made.choice.candidates;
    const parts = compilePlan(
      product(),
      { ...gpuTarget, choose: () => names.find((name) => / z\d/.test(name)) },
      'parts',
    );
    expect(parts.choices[0].picked).toMatch(/ z\d$/);
    for (const { node, choice } of [made, ...parts.choices]) {
      for (const name of choice.candidates.slice(0, 4)) {
        const alone = compilePlan(isolate(node), { ...gpuTarget, choose: () => name }, 'alone');
        expect(alone.outputs.map(({ shape }) => shape)).toEqual([[64, 96]]);
        expect(alone.choices[0]).toMatchObject({ picked: name, choice: { shape: choice.shape } });
      }
    }
  });
});
