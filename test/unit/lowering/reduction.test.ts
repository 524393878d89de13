/** Running totals that are no more than their input. */
import { GraphBuilder } from '../../../src/ir/builder';
import { reductionLowerings } from '../../../src/lowering/reduction';

test.each(['Cumsum', 'Cumprod'] as const)('%s over one element is that element', (kernel) => {
  const b = new GraphBuilder();
  const x = b.input({ shape: [3, 1, 2], dtype: 'float32' });
  for (const axis of [1, -2]) {
    const attrs = { axis, exclusive: false, reverse: true };
    expect(reductionLowerings[kernel].lower(b, [x], attrs)).toBe(x);
  }
});

test.each(['Cumsum', 'Cumprod'] as const)('%s is computed where it is more', (kernel) => {
  const b = new GraphBuilder();
  const x = b.input({ shape: [3, 1, 2], dtype: 'float32' });
  for (const attrs of [{ axis: 0 }, { axis: 1, exclusive: true }]) {
    expect(reductionLowerings[kernel].lower(b, [x], attrs)).not.toBe(x);
  }
});
