import fc from 'fast-check';
import { compilePlan } from '../../../src/compiler/compile';
import type { KernelTarget } from '../../../src/fused-kernels/kernel';
import { checkPlan } from '../../support/check-plan';
import { fuzz } from '../../support/fuzz';
import { printGraph } from '../../support/print-graph';
import { buildRandomGraph, recipes } from '../../support/random-graph';
import { gpuTarget, softwareTarget } from '../fused-kernels/target';

const targets: readonly KernelTarget[] = [
  softwareTarget,
  gpuTarget,
  { ...softwareTarget, busyInvocations: 1, maxTile: [8, 16] },
  // As few as there can be: masked attention reads four tensors and writes one.
  { ...softwareTarget, maxStorageBuffers: 5 },
];

describe.each([
  ['exact', true],
  ['rounded', false],
])('plans of random graphs, %s', (_name, exact) => {
  test('bind no more than they may, read what is there, and never what they write', () => {
    fc.assert(
      fc.property(recipes(exact, 30), (recipe) => {
        for (const target of targets) {
          const { graph } = buildRandomGraph(recipe, exact);
          const text = printGraph(graph);
          try {
            checkPlan(compilePlan(graph, target, 'random'), target);
          } catch (error) {
            throw new Error(`${text}\n${(error as Error).message}`, { cause: error });
          }
        }
      }),
      fuzz(60),
    );
  });
});
