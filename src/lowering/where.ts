/** Where a condition holds: the indices of its elements, those that are true in front, and their number. */
import type { GraphBuilder } from '../ir/builder';
import { sizeOf, stridesOf, type Value } from '../ir/graph';
import { demand } from '../ir/infer/refused';
import { lowering } from './lowering';

/** Indices along each axis of elements that are counted in row-major order: [count, rank]. */
function coordinates(b: GraphBuilder, positions: Value, shape: readonly number[]): Value {
  const count = sizeOf(shape);
  const strides = stridesOf(shape);
  const columns = shape.map((extent, axis) => {
    const stride = strides[axis];
    const whole =
      stride === 1 ? positions : b.op('FloorDiv', [positions, b.scalar(stride, 'int32')]);
    const index = axis === 0 ? whole : b.op('Mod', [whole, b.scalar(extent, 'int32')]);
    return b.reshape(index, [count, 1]);
  });
  return columns.length === 1 ? columns[0] : b.op('Concat', columns, { axis: 1 });
}

export const whereLowerings = {
  Where: {
    ...lowering(['condition'], (b, [condition]) => {
      const { shape } = condition;
      demand(shape.length > 0, () => 'a condition is a scalar');
      const [positions, count] = b.ops('Where', [b.reshape(condition, [sizeOf(shape)])]);
      return [coordinates(b, positions, shape), count];
    }),
    counted: () => ({ outputs: 1, keepsCount: false }),
  },
};
