import type { GraphBuilder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import { float, fuse } from './fuse';

const normalize = (b: GraphBuilder, x: Value): Value =>
  b.op('Normalize', [x, b.scalar(1e-3)], { axes: [1], form: 'layer' });

describe('a normalisation', () => {
  test('stores the sum that it reads, where that is a result', () => {
    const { groups, fused } = fuse((b) => {
      const sum = b.op('Add', [float(b, 4, 9), float(b, 4, 9)]);
      return [sum, b.op('Multiply', [normalize(b, sum), float(b, 9)])];
    });
    expect(groups).toEqual(['Add → Normalize → Multiply']);
    expect(fused.groups[0].stores.map(({ producer }) => producer?.kernel)).toEqual([
      'Add',
      'Multiply',
    ]);
  });

  test('only computes it, where it is none', () => {
    const { groups } = fuse((b) => normalize(b, b.op('Add', [float(b, 4, 9), float(b, 4, 9)])));
    expect(groups).toEqual(['Normalize']);
  });

  test('leaves it to its own loop where another kernel needs it before', () => {
    const { groups, refusals } = fuse((b) => {
      const sum = b.op('Add', [float(b, 4, 9), float(b, 4, 9)]);
      const normal = normalize(b, sum);
      const gate = b.op('BatchMatMul', [sum, float(b, 9, 9)], {
        transposeA: false,
        transposeB: false,
      });
      return [sum, b.op('Multiply', [normal, gate])];
    });
    expect(groups).toEqual(['Add', 'BatchMatMul', 'Normalize → Multiply']);
    expect(refusals).toContain('input-store: another kernel needs it before');
  });

  test('leaves it where there are too few buffers', () => {
    const { groups, refusals } = fuse((b) => {
      const sum = b.op('Add', [float(b, 4, 9), float(b, 4, 9)]);
      return [sum, normalize(b, sum)];
    }, 3);
    expect(groups).toEqual(['Add', 'Normalize']);
    expect(refusals).toContain('input-store: it would bind more than 3 storage buffers');
  });

  test('gives two readers one store', () => {
    const { groups } = fuse((b) => {
      const sum = b.op('Add', [float(b, 4, 9), float(b, 4, 9)]);
      return [sum, normalize(b, sum), b.op('Softmax', [sum])];
    });
    expect(groups).toEqual(['Add → Normalize', 'Softmax']);
  });
});
