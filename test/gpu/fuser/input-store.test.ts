import { checkFused, labelsOf } from '../../support/differential';

// Rows for an invocation, rows for a workgroup, rows that do not fit its registers; odd lengths.
test.each([[[3, 2]], [[5, 7]], [[2, 3, 12]], [[4, 300]], [[2, 4100]]])(
  'a normalisation of %j stores the sum that it reads',
  async (shape) => {
    const plan = await checkFused(
      (b) => {
        const [x, residual] = [0, 1].map(() => b.input({ shape, dtype: 'float32' }));
        const sum = b.op('Add', [x, residual]);
        const attrs = { axes: [shape.length - 1], keepDims: true };
        const power = b.op('Mean', [b.op('Square', [sum])], attrs);
        const inverse = b.op('Rsqrt', [b.op('Add', [power, b.scalar(1e-3)])]);
        const scale = b.input({ shape: shape.slice(-1), dtype: 'float32' });
        return [sum, b.op('Multiply', [b.op('Multiply', [sum, inverse]), scale])];
      },
      { tolerance: 'transcendental' },
    );
    expect(labelsOf(plan)).toEqual(['Add → Normalize → Multiply']);
  },
);
