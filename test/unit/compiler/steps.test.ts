import { compilePlan, compileSteps } from '../../../src/compiler/compile';
import type { Plan } from '../../../src/compiler/plan';
import { placeOnSlabs, slabSteps, type SlabItem } from '../../../src/compiler/slabs';
import { GraphBuilder } from '../../../src/ir/builder';
import type { Graph } from '../../../src/ir/graph';
import type { Steps } from '../../../src/ir/steps';
import { rewriteGraphSteps } from '../../../src/registry/rules';
import { gpuTarget } from '../fused-kernels/target';
import { conv, float } from '../patterns/fuse';

/** How often work pauses, and its result. */
function pausesOf<T>(steps: Steps<T>): { pauses: number; result: T } {
  for (let pauses = 0; ; pauses++) {
    const { done, value } = steps.next();
    if (done) return { pauses, result: value };
  }
}

const LAYERS = 40;

/** Residual blocks, of four nodes each. */
function tower(): Graph {
  const b = new GraphBuilder();
  let x = float(b, 1, 12, 12, 16);
  for (let i = 0; i < LAYERS; i++) {
    x = b.op('Add', [b.op('Relu', [conv(b, b.op('Abs', [x]), 16)]), x]);
  }
  b.graph.outputs = [x];
  return b.graph;
}

const textsOf = ({ dispatches }: Plan): string[] => dispatches.map(({ program }) => program.wgsl);

test('rules are tried at some nodes at a time', () => {
  const graph = tower();
  const nodes = graph.nodes.length;
  expect(pausesOf(rewriteGraphSteps(graph)).pauses).toBeGreaterThan(nodes / 16);
});

test('layouts of memory are tried one at a time, and the best is what all at once find', () => {
  const items = Array.from({ length: 24 }, (_, i): SlabItem => ({
    size: 1000 + ((i * 7919) % 5000),
    first: i,
    last: i + 2 + (i % 5),
  }));
  const none = items.map(() => new Set<number>());
  const { pauses, result } = pausesOf(slabSteps(items, none));
  expect(pauses).toBeGreaterThan(4);
  expect(result).toEqual(placeOnSlabs(items, none));
});

test('a plan that was compiled in pieces is the one that is compiled at once', () => {
  const { pauses, result } = pausesOf(compileSteps(tower(), gpuTarget, 'in pieces'));
  expect(pauses).toBeGreaterThan(2 * LAYERS);
  const atOnce = compilePlan(tower(), gpuTarget, 'at once');
  expect(textsOf(result)).toEqual(textsOf(atOnce));
  expect(result.buffers.slabs).toEqual(atOnce.buffers.slabs);
});
