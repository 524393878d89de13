import type { GraphBuilder } from '../../../src/ir/builder';
import { scalarOp } from '../../../src/ir/expression';
import type { Value } from '../../../src/ir/graph';
import { CELLS, unroll } from '../../support/recurrent-cells';
import { input, rewrite } from './rewritten';

const plain = { transposeA: false, transposeB: false };

const count = (kernels: readonly string[], kernel: string): number =>
  kernels.filter((name) => name === kernel).length;

describe('steps of a recurrent layer', () => {
  const SIZES = { steps: 5, rows: 3, units: 8, depth: 6 };

  test.each(Object.keys(CELLS))(
    'of a cell, %s, share one product of their inputs, and are one node',
    (cell) => {
      const { kernels, fired } = rewrite((b) => unroll(b, CELLS[cell], SIZES).states);
      expect(count(kernels, 'BatchMatMul')).toBe(1);
      expect(count(kernels, 'Recurrence')).toBe(1);
      expect(kernels.filter((kernel) => scalarOp(kernel))).toEqual([]);
      expect(new Set(fired)).toEqual(new Set(['stack-rows', 'recurrence']));
    },
  );

  test('answer what is needed of each', () => {
    const { kernels } = rewrite((b) => unroll(b, CELLS.LSTM, SIZES).outputs);
    expect(count(kernels, 'Recurrence')).toBe(1);
    expect(count(kernels, 'Slice')).toBe(5);
    expect(kernels).toHaveLength(9);
  });

  test('of too many weights have one product each', () => {
    const { kernels, reasons } = rewrite(
      (b) => unroll(b, CELLS.LSTM, { ...SIZES, units: 200 }).states,
    );
    expect(count(kernels, 'RecurrentMatMul')).toBe(5);
    expect(reasons('recurrence')).toContain('160000 weights are more than 131072');
  });

  test('that read the output of two steps before are not one node', () => {
    const { kernels } = rewrite((b) => {
      const w = input(b, [8, 8]);
      let [before, h] = [input(b, [3, 8]), input(b, [3, 8])];
      for (let at = 0; at < 6; at++) {
        const next = b.op('Tanh', [b.op('Add', [b.op('BatchMatMul', [h, w], plain), before])]);
        [before, h] = [h, next];
      }
      return h;
    });
    expect(kernels).not.toContain('Recurrence');
  });

  test.each<[string, (b: GraphBuilder, h: Value, at: number) => Value]>([
    ['differ', (b, h, at) => b.op(at === 2 ? 'Relu' : 'Tanh', [h])],
    ['scale by numbers of their own', (b, h, at) => b.op('Multiply', [h, b.scalar(at + 2)])],
    [
      'mix rows',
      (b, h) =>
        b.op('Transpose', [b.op('Transpose', [b.op('Softmax', [h])], { perm: [1, 0] })], {
          perm: [1, 0],
        }),
    ],
  ])('that %s are not one node', (_name, step) => {
    const { kernels } = rewrite((b) => {
      const w = input(b, [8, 8]);
      let h = input(b, [3, 8]);
      for (let at = 0; at < 6; at++) h = step(b, b.op('BatchMatMul', [h, w], plain), at);
      return h;
    });
    expect(kernels).not.toContain('Recurrence');
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
