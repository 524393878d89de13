import { GraphBuilder } from '../../../src/ir/builder';
import { isConstant } from '../../../src/ir/constant-part';

/** More nodes in a row than calls can nest. */
const LENGTH = 50_000;

test('a long chain is no deeper than a short one', () => {
  const b = new GraphBuilder();
  let value = b.input({ shape: [4], dtype: 'float32' });
  for (let i = 0; i < LENGTH; i++) value = b.op('Relu', [value]);
  expect(isConstant(value)).toBe(false);
});

test('what is computed from constants alone, and what is not', () => {
  const b = new GraphBuilder();
  const x = b.input({ shape: [3], dtype: 'float32' });
  const table = b.hostConstant([3], 'float32', [1, 2, 3]);
  const inverse = b.op('Exp', [b.op('Neg', [table])]);
  expect(isConstant(table)).toBe(true);
  expect(isConstant(inverse)).toBe(true);
  expect(isConstant(b.op('Multiply', [inverse, inverse]))).toBe(true);
  expect(isConstant(b.op('Multiply', [inverse, x]))).toBe(false);
});
