/** Which loops go through tiles of workgroup memory. */
import { compilePlan } from '../../../src/compiler/compile';
import type { KernelTarget } from '../../../src/fused-kernels/kernel';
import { GraphBuilder } from '../../../src/ir/builder';
import type { Shape, Value } from '../../../src/ir/graph';
import { float } from '../patterns/fuse';
import { gpuTarget, softwareTarget } from './target';

/** Workgroup memory of the loop that computes `build`, as declared; '' if it has none. */
function tileOf(build: (b: GraphBuilder) => Value, target: KernelTarget = gpuTarget): string {
  const b = new GraphBuilder();
  b.graph.outputs = [build(b)];
  const { dispatches } = compilePlan(b.graph, target, 'test');
  expect(dispatches).toHaveLength(1);
  return /var<workgroup> \w+: (.*);/.exec(dispatches[0].program.wgsl)?.[1] ?? '';
}

const transposed =
  (shape: Shape, perm: readonly number[]) =>
  (b: GraphBuilder): Value =>
    b.op('Transpose', [float(b, ...shape)], { perm });

const VECTORS = 'array<array<vec4<f32>, 33>, 8>';
const ELEMENTS = 'array<array<f32, 33>, 32>';

describe('loops over transposed operands', () => {
  it.each([
    ['a matrix', [64, 64], [1, 0], VECTORS],
    ['sides that are no vectors', [64, 62], [1, 0], ELEMENTS],
    // Rows of 7 pixels and planes of 49 are no vectors; planes of 48 are.
    ['NHWC to NCHW', [2, 7, 7, 32], [0, 3, 1, 2], ELEMENTS],
    ['neighbours that stay neighbours', [2, 6, 8, 32], [0, 3, 1, 2], VECTORS],
    ['axes of one element', [1, 64, 1, 64], [2, 3, 0, 1], VECTORS],
    ['a last axis that stays', [8, 64, 64], [1, 0, 2], ''],
    ['a short axis', [15, 64], [1, 0], ''],
    ['a channel shuffle', [1, 28, 28, 4, 60], [0, 1, 2, 4, 3], ''],
  ])('%s', (_name, shape, perm, expected) => {
    expect(tileOf(transposed(shape, perm))).toBe(expected);
  });

  it('are read as they come where workgroup memory is none', () => {
    expect(tileOf(transposed([64, 64], [1, 0]), softwareTarget)).toBe('');
  });

  it('are found behind scalar ops and reshapes', () => {
    expect(
      tileOf((b) => b.op('Abs', [b.reshape(transposed([32, 48], [1, 0])(b), [4, 12, 32])])),
    ).toBe(VECTORS);
  });
});
