/** What the fuser leaves apart because a kernel could not have it, or a compiler not read it. */
import { GraphBuilder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import { fuseGraph, splitWideConcats } from '../../../src/patterns/fuser';
import { schedule } from '../../../src/patterns/fuser/schedule';
import { FusionState } from '../../../src/patterns/fuser/state';
import { fusionTables } from '../../../src/registry/kernels';
import { softwareTarget } from '../fused-kernels/target';
import { conv, float, fuse } from './fuse';

const tables = fusionTables(softwareTarget);

const chain = (b: GraphBuilder, x: Value, length: number): Value =>
  Array.from({ length }).reduce<Value>((y, _, at) => b.op(at % 2 ? 'Sin' : 'Cos', [y]), x);

test('a kernel that is followed by hundreds ends after 512', () => {
  const { fused, refusals } = fuse((b) => chain(b, conv(b, float(b, 1, 2, 2, 3), 4), 600));
  expect(fused.groups.map(({ members }) => members.length)[0]).toBe(512);
  expect(refusals).toContain('epilogue: 512 kernels are one already');
});

test('hundreds of kernels inside each other are stored in between', () => {
  const of = (length: number) =>
    fuse((b) => b.op('Sum', [chain(b, float(b, 3, 4), length)], { axes: [1], keepDims: false }));
  expect(of(511).groups).toHaveLength(1);
  expect(of(513).groups.length).toBeGreaterThan(1);
});

test('a concatenation larger than a buffer has no place of its own', () => {
  const build = (b: GraphBuilder): Value =>
    b.op('Concat', [3, 4].map((columns) => conv(b, float(b, 1, 2, 2, 3), columns)), { axis: 3 }); // prettier-ignore
  expect(fuse(build, 8, { maxBindingBytes: 112 }).refusals).toEqual([]);
  const { refusals } = fuse(build, 8, { maxBindingBytes: 108 });
  expect(refusals).toContain('concat: it is larger than a buffer of the device');
});

test('what is larger than a buffer is computed where it is read, however often', () => {
  const build = (b: GraphBuilder): Value =>
    b.op('BatchMatMul', [chain(b, float(b, 512, 512), 40), float(b, 512, 1024)], {
      transposeA: false,
      transposeB: false,
    });
  expect(fuse(build).groups).toHaveLength(2);
  expect(fuse(build, 8, { maxBindingBytes: 512 * 512 * 4 - 4 }).groups).toHaveLength(1);
});

test('a part too many for a concatenation is one of the next', () => {
  const b = new GraphBuilder();
  const parts = Array.from({ length: 5 }, () => float(b, 2));
  b.graph.outputs = [b.op('Concat', parts, { axis: 0 })];
  splitWideConcats(b.graph, 4);
  expect(b.graph.nodes.map(({ inputs }) => inputs.length)).toEqual([4, 2]);
  expect(b.graph.nodes[1].inputs[1]).toBe(parts[4]);
});

describe('a normalisation', () => {
  const normalize = (b: GraphBuilder, x: Value): Value =>
    b.op('Normalize', [x, b.scalar(1e-3)], { axes: [1], form: 'layer' });

  test('of what nobody computes is a kernel by itself', () => {
    expect(fuse((b) => normalize(b, float(b, 4, 9))).groups).toEqual(['Normalize']);
  });

  test('leaves what another kernel stores to that', () => {
    const { groups } = fuse((b) => {
      const y = b.op('Relu', [
        b.op('BatchMatMul', [float(b, 4, 5), float(b, 5, 9)], {
          transposeA: false,
          transposeB: false,
        }),
      ]);
      return [y, normalize(b, y)];
    });
    expect(groups).toEqual(['BatchMatMul → Relu', 'Normalize']);
  });

  test('stores no rows that it only reads in another order', () => {
    const { groups } = fuse((b) => {
      const y = b.transpose(float(b, 9, 4), [1, 0]);
      return [y, normalize(b, y)];
    });
    expect(groups).toEqual(['Transpose', 'Normalize']);
  });

  test('does not store its sum where that has to be a kernel of its own', () => {
    const b = new GraphBuilder();
    const sum = b.op('Add', [float(b, 4, 9), float(b, 4, 9)]);
    b.graph.outputs = [sum, normalize(b, sum)];
    const separate = new Map([[b.graph.nodes[0], 'it failed before']]);
    const { groups } = fuseGraph(b.graph, tables, { store: new Map(), separate });
    expect(groups).toHaveLength(2);
  });
});

test('kernels that need each other are an error', () => {
  const b = new GraphBuilder();
  const x = conv(b, float(b, 1, 2, 2, 3), 3);
  const y = conv(b, x, 3);
  const z = b.op('Add', [y, x]);
  b.graph.outputs = [z];
  const state = new FusionState(b.graph, tables);
  const [first, second, last] = b.graph.nodes;
  const group = state.startGroup(first, false);
  state.startGroup(second, false);
  state.join(group, last);
  expect(() => schedule(state)).toThrow('need each other');
});
