/** What a recurrent layer of 128 units over 100 steps takes, by class of adapter. */
import { compilePlan } from '../../../src/compiler/compile';
import { type ADAPTER_CLASSES, kernelTarget } from '../../../src/fused-kernels/target';
import { GraphBuilder } from '../../../src/ir/builder';
import { CELLS, unroll } from '../../support/recurrent-cells';
import { defaultFacts } from '../fused-kernels/target';

const SIZES = { steps: 100, units: 128, depth: 32 };

function dispatchesOf(
  cell: string,
  rows: number,
  adapter: (typeof ADAPTER_CLASSES)[number],
): number {
  const b = new GraphBuilder();
  const [output] = unroll(b, CELLS[cell], { ...SIZES, rows }).states;
  b.graph.outputs = [output];
  return compilePlan(b.graph, kernelTarget(defaultFacts, adapter), 'test').dispatches.length;
}

const LAYERS = ['LSTM', 'GRU'].flatMap((cell) => [1, 32].map((rows) => [cell, rows] as const));

test.each(LAYERS)('%s of %d rows: one kernel for the sequence on GPUs', (cell, rows) => {
  expect(dispatchesOf(cell, rows, 'nvidia')).toBeLessThanOrEqual(4);
});

test.each(['LSTM', 'GRU'])('%s of one row: on a processor, too', (cell) => {
  expect(dispatchesOf(cell, 1, 'software')).toBeLessThanOrEqual(4);
});
