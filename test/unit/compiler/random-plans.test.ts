import fc from 'fast-check';
import { compilePlan } from '../../../src/compiler/compile';
import { checkBuffers } from '../../../src/compiler/memory';
import type { Plan } from '../../../src/compiler/plan';
import type { KernelTarget } from '../../../src/fused-kernels/kernel';
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

function checkPlan(plan: Plan, target: KernelTarget): void {
  checkBuffers(
    plan.buffers,
    plan.dispatches.map(({ program }) => program.bindings),
  );
  const ready = new Set([...plan.inputs, ...plan.constants]);
  const seen = new Map<string, number>();
  for (const { program } of plan.dispatches) {
    expect(program.bindings.length).toBeLessThanOrEqual(target.maxStorageBuffers);
    const written = program.bindings.filter(({ access }) => access === 'read_write');
    const read = program.bindings.filter(({ access }) => access === 'read');
    expect(written.length).toBeGreaterThan(0);
    for (const { value } of read) expect(ready).toContain(value);
    const values = program.bindings.map(({ value }) => value);
    expect(new Set(values).size).toBe(values.length);
    for (const { value } of written) ready.add(value);
    // Equal text must mean equal layouts: the text is the key of the pipeline.
    const known = seen.get(program.wgsl);
    if (known !== undefined) expect(program.uniforms.byteLength).toBe(known);
    seen.set(program.wgsl, program.uniforms.byteLength);
  }
  for (const output of plan.outputs) {
    if (!output.constant) expect(ready).toContain(output);
  }
  const { allocated, lowerBound } = plan.record.memory;
  expect(allocated).toBeGreaterThanOrEqual(lowerBound);
}

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
