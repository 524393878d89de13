/** What holds of every plan: it binds no more than it may, reads what is there, and never what it writes. */
import { checkBuffers } from '../../src/compiler/memory';
import type { Plan } from '../../src/compiler/plan';
import type { KernelTarget } from '../../src/fused-kernels/kernel';

export function checkPlan(plan: Plan, target: KernelTarget): void {
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
