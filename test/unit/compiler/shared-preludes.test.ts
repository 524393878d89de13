/** What a graph computes of weights alone is one plan for every size of its inputs. */
import { compilePlan } from '../../../src/compiler/compile';
import type { Plan } from '../../../src/compiler/plan';
import { GraphBuilder } from '../../../src/ir/builder';
import type { ConstantData } from '../../../src/ir/graph';
import { gpuTarget } from '../fused-kernels/target';
import { float } from '../patterns/fuse';

interface Weights {
  readonly filter: ConstantData;
  readonly scale: ConstantData;
  /** Written out in the graph. */
  readonly epsilon: number;
}

const some = (): Weights => ({ filter: { handle: {} }, scale: { handle: {} }, epsilon: 0.5 });

const target = { ...gpuTarget };

/** x · (filter ∘ √(scale + ε)) */
function preludeOf(
  { filter, scale, epsilon }: Weights,
  rows: number,
  { anySize = false, label = 'test', device = target } = {},
): Plan | undefined {
  const b = new GraphBuilder();
  const [w, s] = [
    b.constant({ shape: [16, 8], dtype: 'float32' }, filter),
    b.constant({ shape: [8], dtype: 'float32' }, scale),
  ];
  const scaled = b.op('Multiply', [w, b.op('Sqrt', [b.op('Add', [s, b.scalar(epsilon)])])]);
  const plain = { transposeA: false, transposeB: false };
  b.graph.outputs = [b.op('BatchMatMul', [float(b, rows, 16), scaled], plain)];
  return compilePlan(b.graph, device, label, { anySize }).prelude?.plan;
}

test('graphs of other sizes have the same one', () => {
  const weights = some();
  const first = preludeOf(weights, 3);
  expect(first?.dispatches).toHaveLength(1);
  for (const rows of [1, 4, 250]) {
    expect(preludeOf(weights, rows)).toBe(first);
    expect(preludeOf(weights, rows, { anySize: true })).toBe(first);
  }
});

const changes: Record<string, (weights: Weights) => Weights> = {
  'a weight of its own': (weights) => ({ ...weights, scale: { handle: {} } }),
  'a weight in another place': ({ epsilon, scale }) => ({ epsilon, scale, filter: { handle: {} } }),
  'another number': (weights) => ({ ...weights, epsilon: 0.25 }),
};

test.each(Object.entries(changes))('with %s a graph has its own', (_what, change) => {
  const weights = some();
  expect(preludeOf(change(weights), 3)).not.toBe(preludeOf(weights, 3));
});

test('regions of other names, and devices, have their own', () => {
  const weights = some();
  const first = preludeOf(weights, 3);
  expect(preludeOf(weights, 3, { label: 'another' })).not.toBe(first);
  expect(preludeOf(weights, 3, { device: { ...gpuTarget } })).not.toBe(first);
});
