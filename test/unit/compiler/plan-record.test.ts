/** Records of plans: which lines compute what, which buffers are bound, and how long they live. */
import { compilePlan } from '../../../src/compiler/compile';
import { GraphBuilder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import type { PlanRecord } from '../../../src/report';
import { gpuTarget, softwareTarget } from '../fused-kernels/target';
import { conv, float } from '../patterns/fuse';

function recordOf(build: (b: GraphBuilder) => Value[], target = softwareTarget): PlanRecord {
  const b = new GraphBuilder();
  b.graph.outputs = build(b);
  return compilePlan(b.graph, target, 'test').record;
}

/** Each part's kernel with the text of its lines. */
function partsOf({ wgsl, parts }: PlanRecord['kernels'][number]): [string, string][] {
  const lines = wgsl.split('\n');
  return parts.map(({ kernel, first, last }) => [
    kernel,
    lines
      .slice(first - 1, last)
      .map((line) => line.trim().replace(/\[.*\]/, '[…]'))
      .join(' '),
  ]);
}

test('lines of a shader are told by the node that they compute', () => {
  const { kernels } = recordOf((b) => {
    const x = float(b, 16, 8);
    return [b.op('Relu', [b.op('Add', [b.op('Multiply', [x, float(b, 8)]), x])])];
  });
  expect(kernels).toHaveLength(1);
  expect(partsOf(kernels[0]).filter(([, text]) => text.startsWith('let'))).toEqual([
    ['Multiply', 'let v0 = in0[…]; let i1 = (i % u.iDivisor); let v2 = in1[…]; let v3 = v0 * v2;'],
    ['Add', 'let v4 = v3 + v0;'],
    expect.arrayContaining(['Relu']),
  ]);
});

test.each([
  ['software', softwareTarget],
  ['gpu', gpuTarget],
])('equal kernels of %s have one text, and parts of nodes of their own', (_class, target) => {
  const { kernels } = recordOf((b) => {
    let x = float(b, 1, 12, 12, 16);
    for (let block = 0; block < 3; block++) {
      b.origins = [`block${block}`];
      x = b.op('Add', [b.op('Relu', [conv(b, x, 16)]), x]);
    }
    return [x];
  }, target);
  expect(new Set(kernels.map(({ wgsl }) => wgsl)).size).toBe(1);
  kernels.forEach(({ wgsl, parts }, block) => {
    expect(parts.length).toBeGreaterThan(0);
    const count = wgsl.split('\n').length;
    let end = 0;
    for (const { first, last, origins } of parts) {
      expect(origins).toEqual([`block${block}`]);
      expect(first).toBeGreaterThan(end);
      expect(last).toBeGreaterThanOrEqual(first);
      expect(last).toBeLessThan(count);
      end = last;
    }
    expect(parts.map(({ kernel }) => kernel)).toEqual(expect.arrayContaining(['Relu', 'Add']));
  });
});

test('buffers have a name, a kind, and a lifetime on a slab', () => {
  const { kernels, values, memory } = recordOf((b) => {
    const x = b.input({ shape: [1, 8, 8, 4], dtype: 'float32', name: 'image' });
    b.origins = ['first'];
    const first = conv(b, x, 4);
    b.origins = ['second'];
    return [conv(b, first, 4)];
  });
  expect(kernels).toHaveLength(2);
  const named = (numbers: readonly number[]): string[] =>
    numbers.map((number) => `${values[number].kind} ${values[number].name}`);
  expect(named(kernels[0].reads)).toContain('input image');
  expect(named(kernels[0].writes)).toEqual(['intermediate first']);
  expect(named(kernels[1].reads)).toContain('intermediate first');
  expect(named(kernels[1].writes)).toEqual(['output second']);
  const [{ place, bytes, shape, dtype }] = values.filter(({ kind }) => kind === 'intermediate');
  expect({ place, bytes, shape, dtype }).toEqual({
    place: { slab: 0, offset: 0, first: 0, last: 1 },
    bytes: 1024,
    shape: [1, 8, 8, 4],
    dtype: 'float32',
  });
  expect(memory.slabs).toEqual([1024]);
  expect(values.filter(({ place: at }) => at)).toHaveLength(1);
});
