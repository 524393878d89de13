/** Where a condition holds: the indices of its elements, those that are true in front, and their number. */
import type { GraphBuilder } from '../ir/builder';
import { sizeOf, stridesOf, type Value } from '../ir/graph';
import { demand } from '../ir/infer/refused';
import { MAX_SORTED } from '../ir/infer/top-k';
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
      const count = sizeOf(shape);
      demand(condition.dtype === 'bool', () => `a condition is ${condition.dtype}`);
      demand(
        shape.length > 0 && count <= MAX_SORTED,
        () => `${count} elements of rank ${shape.length}`,
      );
      const flat = b.reshape(b.cast(condition, 'int32'), [count]);
      // Equal elements keep their order.
      const [, positions] = b.ops('TopK', [flat], { k: count, partLength: count });
      return [
        coordinates(b, positions, shape),
        b.op('Sum', [flat], { axes: [0], keepDims: false }),
      ];
    }),
    counted: () => ({ outputs: 1, keepsCount: false }),
  },
};
