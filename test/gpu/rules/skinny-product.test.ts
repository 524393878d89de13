/** Products of a few rows, whose depth a workgroup shares on GPUs. */
import { checkFused, labelsOf } from '../../support/differential';

const cases: readonly (readonly [number[], number[], boolean])[] = [
  [[1, 256], [256, 64], false],
  [[1, 333], [333, 37], false],
  [[1, 128], [30, 128], true],
  [[3, 256], [256, 44], false],
  [[5, 130], [130, 12], false],
  [[8, 512], [512, 100], false],
  [[2, 1, 160], [2, 160, 24], false],
  [[2, 6, 128], [2, 128, 9], false],
];

test.each(cases)('[%j] · [%j], transposed: %s', async (a, b, transposeB) => {
  const plan = await checkFused(
    (builder) => {
      const operands = [a, b].map((shape) => builder.input({ shape, dtype: 'float32' }));
      const y = builder.op('BatchMatMul', operands, { transposeA: false, transposeB });
      const bias = builder.input({ shape: [y.shape[y.shape.length - 1]], dtype: 'float32' });
      return builder.op('Relu', [builder.op('Add', [y, bias])]);
    },
    { targets: ['gpu', 'software'] },
  );
  expect(labelsOf(plan)).toEqual(['BatchMatMul → Add → Relu']);
  expect(plan.dispatches[0].program.wgsl).toContain('var<workgroup> partial');
});
