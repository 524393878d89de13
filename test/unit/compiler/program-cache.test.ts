import fc from 'fast-check';
import { compilePlan } from '../../../src/compiler/compile';
import type { Plan } from '../../../src/compiler/plan';
import type { KernelTarget } from '../../../src/fused-kernels/kernel';
import { GraphBuilder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import { fuzz } from '../../support/fuzz';
import { buildRandomGraph, recipes } from '../../support/random-graph';
import { gpuTarget, softwareTarget } from '../fused-kernels/target';
import { conv, float } from '../patterns/fuse';

function compile(build: (b: GraphBuilder) => Value[], target: KernelTarget): Plan {
  const b = new GraphBuilder();
  b.graph.outputs = build(b);
  return compilePlan(b.graph, target, 'test');
}

/** Everything that is run, values by their numbers: equal graphs number them equally. */
function dispatchesOf(plan: Plan): unknown[] {
  const own = plan.dispatches.map(({ label, program }) => ({
    label,
    wgsl: program.wgsl,
    uniforms: [...new Uint32Array(program.uniforms)],
    workgroups: program.workgroups,
    bindings: program.bindings.map(({ name, value, access }) => [name, value.id, access]),
    parts: program.parts.map(({ first, last, value }) => [first, last, value.id]),
  }));
  return plan.prelude ? [...dispatchesOf(plan.prelude.plan), ...own] : own;
}

/** A target that is equal and not the same: nothing was written for it yet. */
const fresh = (target: KernelTarget): KernelTarget => ({ ...target });

describe.each([
  ['software', softwareTarget],
  ['gpu', gpuTarget],
])('shaders that were written before, %s', (_name, target) => {
  test.each([true, false])('are what would be written now (exact: %s)', (exact) => {
    const shared = fresh(target);
    fc.assert(
      fc.property(recipes(exact, 20), (recipe) => {
        const plan = (on: KernelTarget): Plan =>
          compilePlan(buildRandomGraph(recipe, exact).graph, on, 'random');
        const expected = dispatchesOf(plan(fresh(target)));
        expect(dispatchesOf(plan(shared))).toEqual(expected);
        expect(dispatchesOf(plan(shared))).toEqual(expected);
      }),
      fuzz(30),
    );
  });

  test('serve all blocks of one structure, each with its own values', () => {
    const blocks = (b: GraphBuilder): Value[] => {
      let x = float(b, 1, 12, 12, 16);
      for (let i = 0; i < 3; i++) x = b.op('Add', [b.op('Relu', [conv(b, x, 16)]), x]);
      return [x];
    };
    const { dispatches } = compile(blocks, fresh(target));
    const texts = dispatches.map(({ program }) => program.wgsl);
    expect(new Set(texts).size).toBe(1);
    const uniforms = dispatches.map(({ program }) => program.uniforms);
    expect(new Set(uniforms).size).toBe(1);
    const filters = dispatches.map(({ program }) => program.bindings[1].value);
    expect(new Set(filters).size).toBe(3);
  });

  const sum = (value: number) => (b: GraphBuilder) => [b.op('Add', [float(b, 5), b.scalar(value)])];
  test.each([
    [2, 3],
    [0, -0],
    [Infinity, NaN],
  ])('are not those of another constant: %p and %p', (one, other) => {
    const shared = fresh(target);
    compile(sum(one), shared);
    expect(dispatchesOf(compile(sum(other), shared))).toEqual(
      dispatchesOf(compile(sum(other), fresh(target))),
    );
  });

  test.each(['Conv2D', 'DepthwiseConv2dNative', 'Conv2DBackpropInput'])(
    'know whether the filter of a %s is finite',
    (kernel) => {
      const padded = (weight: number) => (b: GraphBuilder) => {
        const filter = b.hostConstant([3, 3, 4, 4], 'float32', Array(144).fill(weight));
        const pad = { top: 1, bottom: 1, left: 1, right: 1 };
        const attrs = { strides: [1, 1], dilations: [1, 1], pad };
        const shape = kernel === 'Conv2DBackpropInput' ? [1, 8, 8, 4] : undefined;
        return [b.op(kernel, [float(b, 1, 8, 8, 4), filter], attrs, undefined, shape)];
      };
      const shared = fresh(target);
      const texts = [1, NaN, 2, Infinity].map(
        (weight) => compile(padded(weight), shared).dispatches[0].program.wgsl,
      );
      expect(texts[2]).toBe(texts[0]);
      expect(texts[3]).toBe(texts[1]);
      expect(texts[1]).not.toBe(texts[0]);
    },
  );

  test('are written again when the target chooses otherwise', () => {
    let wanted: string | undefined = undefined;
    let other: string | undefined = undefined;
    const learning: KernelTarget = {
      ...gpuTarget,
      choose: ({ candidates }) => {
        other = candidates[1];
        return wanted;
      },
    };
    const product = (b: GraphBuilder): Value[] => [
      b.op('BatchMatMul', [float(b, 256, 64), float(b, 64, 256)], {
        transposeA: false,
        transposeB: false,
      }),
    ];
    const first = compile(product, learning).dispatches[0].program.wgsl;
    expect(compile(product, learning).dispatches[0].program.wgsl).toBe(first);
    wanted = other;
    expect(compile(product, learning).dispatches[0].program.wgsl).not.toBe(first);
  });
});

test('a kernel that begins with what another one found out has the text that it has by itself', () => {
  // To what is remembered both are one: but rows of 6 elements are no whole vectors, and those of 4 are.
  const behindFirst = (columns: number): string => {
    const build = (b: GraphBuilder): Value[] => [
      b.op('Neg', [b.slice(float(b, 6, 2, columns), [1, 0, 0], [4, 2, columns])]),
    ];
    return compile(build, fresh(softwareTarget)).dispatches[0].program.wgsl;
  };
  const alone = behindFirst(2);
  expect(alone).toContain('read> in0: array<vec4<f32>>');
  expect(behindFirst(3)).toContain('read> in0: array<f32>');
  expect(behindFirst(2)).toBe(alone);
});
