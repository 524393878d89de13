import type { GraphBuilder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import { input, rewrite } from './rewritten';

const plain = { transposeA: false, transposeB: false };
const UNITS = 8;

/** A step of an LSTM: its new output and its new state. */
function step(b: GraphBuilder, x: Value, h: Value, c: Value, weights: readonly Value[]): Value[] {
  const [kernel, recurrent, bias] = weights;
  const own = b.op('BatchMatMul', [x, kernel], plain);
  const all = b.op('Add', [b.op('Add', [own, b.op('BatchMatMul', [h, recurrent], plain)]), bias]);
  const [i, f, g, o] = [0, 1, 2, 3].map((at) => b.slice(all, [0, UNITS * at], [h.shape[0], UNITS]));
  const kept = b.op('Multiply', [b.op('Sigmoid', [f]), c]);
  const state = b.op('Add', [kept, b.op('Multiply', [b.op('Sigmoid', [i]), b.op('Tanh', [g])])]);
  return [b.op('Multiply', [b.op('Sigmoid', [o]), b.op('Tanh', [state])]), state];
}

const weightsOf = (b: GraphBuilder, depth: number): Value[] => [
  ...[input(b, [depth, 4 * UNITS]), input(b, [UNITS, 4 * UNITS])],
  input(b, [4 * UNITS]),
];

const count = (kernels: readonly string[], kernel: string): number =>
  kernels.filter((name) => name === kernel).length;

describe('steps of a recurrent layer', () => {
  test('share one product of their inputs, and have one product each', () => {
    const { kernels, fired } = rewrite((b) => {
      const x = input(b, [5, 3, 6]);
      const weights = weightsOf(b, 6);
      let [h, c] = [input(b, [3, UNITS]), input(b, [3, UNITS])];
      for (let at = 0; at < 5; at++) {
        const row = b.reshape(b.slice(x, [at, 0, 0], [1, 3, 6]), [3, 6]);
        [h, c] = step(b, row, h, c, weights);
      }
      return h;
    });
    expect(count(kernels, 'BatchMatMul')).toBe(1);
    expect(count(kernels, 'RecurrentMatMul')).toBe(5);
    expect(new Set(fired)).toEqual(new Set(['stack-rows', 'recurrent-product']));
  });

  test('whose rows are not all there share a product of those that are', () => {
    const { kernels } = rewrite((b) => {
      const x = input(b, [9, 2, 6]);
      const w = input(b, [6, 4]);
      return [3, 4, 5].map((at) => {
        const row = b.reshape(b.slice(x, [at, 0, 0], [1, 2, 6]), [2, 6]);
        return b.op('BatchMatMul', [row, w], plain);
      });
    });
    expect(count(kernels, 'BatchMatMul')).toBe(1);
  });

  test.each([
    ['with gaps', [0, 2]],
    ['that overlap', [0, 1]],
  ])('rows %s stay apart', (name, places) => {
    const { kernels, reasons } = rewrite((b) => {
      const x = input(b, [9, 6]);
      const w = input(b, [6, 4]);
      const size = name === 'with gaps' ? 1 : 2;
      return places.map((at) => b.op('BatchMatMul', [b.slice(x, [at, 0], [size, 6]), w], plain));
    });
    expect(count(kernels, 'BatchMatMul')).toBe(2);
    expect(reasons('stack-rows')).toContain('its rows do not follow each other');
  });
});

describe('columns of a product', () => {
  const slices = (b: GraphBuilder, begins: readonly number[], width: number): Value[] => {
    const all = b.op('BatchMatMul', [input(b, [3, 6]), input(b, [6, 12])], plain);
    return begins.map((begin) => b.slice(all, [0, begin], [3, width]));
  };

  test.each([
    ['that nobody needs together', [0, 4, 8], 4, (b: GraphBuilder, x: Value[]) => x],
    ['of two gates', [0, 6], 6, (b: GraphBuilder, [x, y]: Value[]) => [b.op('Multiply', [x, y])]],
  ] as const)('%s stay one result', (_name, begins, width, use) => {
    const { kernels } = rewrite((b) => use(b, slices(b, begins, width)));
    expect(kernels).not.toContain('RecurrentMatMul');
  });

  test('that overlap are not gates', () => {
    const { kernels, reasons } = rewrite((b) => {
      const [x, y, z] = slices(b, [0, 2, 8], 4);
      return b.op('Add', [b.op('Multiply', [x, y]), z]);
    });
    expect(kernels).not.toContain('RecurrentMatMul');
    expect(reasons('recurrent-product')).toContain('its parts differ in size, or overlap');
  });
});
