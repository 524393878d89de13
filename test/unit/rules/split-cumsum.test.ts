/** Running sums of long lines: which are divided, and into what. */
import { compilePlan } from '../../../src/compiler/compile';
import { kernelTarget, type AdapterClass } from '../../../src/fused-kernels/target';
import { GraphBuilder } from '../../../src/ir/builder';
import type { Shape } from '../../../src/ir/graph';
import { defaultFacts } from '../fused-kernels/target';
import { input } from './rewritten';

/** Kernels of the dispatches of a running sum and what follows it. */
function dispatches(kernel: string, shape: Shape, axis: number, adapter: AdapterClass): string[] {
  const b = new GraphBuilder();
  const attrs = { axis, exclusive: false, reverse: false };
  b.graph.outputs.push(b.op('Relu', [b.op(kernel, [input(b, shape)], attrs)]));
  const plan = compilePlan(b.graph, kernelTarget(defaultFacts, adapter), 'test');
  return plan.dispatches.map(({ label }) => label);
}

const DIVIDED = ['Sum', 'Cumsum', 'Cumsum → Add → Relu'];

it.each<[string, string, Shape, number, AdapterClass, string[]]>([
  ['a long line', 'Cumsum', [1, 32000], 1, 'nvidia', DIVIDED],
  ['lines across', 'Cumsum', [700, 6], 0, 'nvidia', DIVIDED],
  ['not a short line', 'Cumsum', [1, 500], 1, 'nvidia', ['Cumsum → Relu']],
  ['nor many lines', 'Cumsum', [20000, 600], 1, 'nvidia', ['Cumsum → Relu']],
  ['nor products', 'Cumprod', [1, 32000], 1, 'nvidia', ['Cumprod → Relu']],
  ['nor any on a processor', 'Cumsum', [1, 32000], 1, 'software', ['Cumsum → Relu']],
])('divides %s', (_what, kernel, shape, axis, adapter, expected) => {
  expect(dispatches(kernel, shape, axis, adapter)).toEqual(expected);
});

it('divides the sums of very many parts, too', () => {
  expect(dispatches('Cumsum', [1 << 20], 0, 'nvidia')).toEqual([
    ...['Sum', 'Sum', 'Cumsum'],
    ...['Cumsum → Add', 'Cumsum → Add → Relu'],
  ]);
});
