/** Work in pieces, and compiling as such. */
import { compilePlan, compileSteps } from '../../../src/compiler/compile';
import { GraphBuilder } from '../../../src/ir/builder';
import type { Graph } from '../../../src/ir/graph';
import { MAX_TASK_MS, nextTask, runSteps, takeTurns, type Steps } from '../../../src/ir/steps';
import { gpuTarget } from '../fused-kernels/target';

function* count(pieces: number, piece: () => void): Steps<string> {
  for (let i = 0; i < pieces; i++) {
    piece();
    yield;
  }
  return 'done';
}

function work(): void {
  const start = performance.now();
  while (performance.now() - start < MAX_TASK_MS);
}

test('all at once, nothing else has its turn', () => {
  let turns = 0;
  void nextTask().then(() => turns++);
  expect(runSteps(count(3, work))).toBe('done');
  expect(turns).toBe(0);
});

test('in turns, long pieces let others have theirs', async () => {
  let others = 0;
  const during: number[] = [];
  const waiting = async (): Promise<void> => {
    while (during.length < 4) {
      await nextTask();
      others++;
    }
  };
  const waited = waiting();
  let noted = 0;
  const piece = (): void => {
    work();
    during.push(others);
  };
  await expect(takeTurns(count(4, piece), () => noted++)).resolves.toBe('done');
  await waited;
  expect(noted).toBeGreaterThanOrEqual(4);
  expect(new Set(during).size).toBe(4);
});

test('an error of a piece rejects', async () => {
  const fail = (): void => {
    throw new Error('no');
  };
  await expect(takeTurns(count(1, fail), () => undefined)).rejects.toThrow('no');
});

function chain(): Graph {
  const b = new GraphBuilder();
  let x = b.input({ shape: [20, 24], dtype: 'float32' });
  for (let i = 0; i < 3; i++) {
    const w = b.input({ shape: [24, 24], dtype: 'float32' });
    x = b.op('BatchMatMul', [x, w], { transposeA: false, transposeB: false });
    x = b.op('Softmax', [x], { dim: -1 });
  }
  b.graph.outputs = [x];
  return b.graph;
}

test('compiling pauses at least once for each kernel, and comes to the same plan', () => {
  const plan = compilePlan(chain(), gpuTarget, 'whole');
  const steps = compileSteps(chain(), gpuTarget, 'whole');
  let pauses = 0;
  let step = steps.next();
  for (; !step.done; step = steps.next()) pauses++;
  expect(plan.dispatches.length).toBeGreaterThan(3);
  expect(pauses).toBeGreaterThan(plan.dispatches.length);
  expect(step.value.dispatches.map(({ program }) => program.wgsl)).toEqual(
    plan.dispatches.map(({ program }) => program.wgsl),
  );
});
