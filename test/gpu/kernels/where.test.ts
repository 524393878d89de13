/** Positions of what is true, by one workgroup: against the interpreter's, exactly. */
import { compilePlan } from '../../../src/compiler/compile';
import { GraphBuilder } from '../../../src/ir/builder';
import { whereLowerings } from '../../../src/lowering/where';
import { checkFused, labelsOf, TARGETS } from '../../support/differential';
import { softwareTarget } from '../../unit/fused-kernels/target';

const SHAPES = [
  [1],
  [2],
  [7],
  [255],
  [257],
  [1, 1],
  [3, 5],
  [2, 3, 67],
  [5, 1, 2, 3, 1, 2],
  [4099],
  [20_011],
];

test.each(SHAPES.map((shape) => [shape]))('%j, with what stands around it', async (shape) => {
  const plan = await checkFused(
    (b) => {
      const x = b.input({ shape, dtype: 'float32' });
      const condition = b.op('Greater', [x, b.scalar(0.1)]);
      const [found, count] = whereLowerings.Where.lower(b, [condition], {});
      return [b.op('Neg', [found]), b.op('Neg', [count])];
    },
    { targets: TARGETS },
  );
  expect(labelsOf(plan)[0]).toMatch(/^Greater → Where/);
});

test.each([
  ['nothing', 1e9],
  ['everything', -1e9],
])('%s is true', async (_what, limit) => {
  await checkFused(
    (b) => {
      const x = b.input({ shape: [300], dtype: 'float32' });
      const condition = b.op('Greater', [x, b.scalar(limit)]);
      return [...whereLowerings.Where.lower(b, [condition], {})];
    },
    { targets: TARGETS },
  );
});

test('a count that nobody asks for is not stored', () => {
  const b = new GraphBuilder();
  const [found] = b.ops('Where', [b.input({ shape: [9], dtype: 'bool' })]);
  b.graph.outputs = [found];
  const [{ program }] = compilePlan(b.graph, softwareTarget, 'test').dispatches;
  expect(program.bindings.filter(({ access }) => access === 'read_write')).toHaveLength(1);
});

test('what has too many elements for a workgroup is refused', () => {
  const b = new GraphBuilder();
  const x = b.input({ shape: [2 ** 16 + 1], dtype: 'bool' });
  expect(() => whereLowerings.Where.lower(b, [x], {})).toThrow(
    'a condition [65537] of bool; needs 1 to 65536 bools',
  );
});
