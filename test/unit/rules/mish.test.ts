/** Mish: in which spellings it is found, and where it is left. */
import type { GraphBuilder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import { input, rewrite } from './rewritten';

const exp = (b: GraphBuilder, x: Value): Value => b.op('Exp', [x]);

test.each<[string, (b: GraphBuilder, x: Value) => Value]>([
  ['with softplus', (b, x) => b.op('Softplus', [x])],
  ['with log1p', (b, x) => b.op('Log1p', [exp(b, x)])],
  ['with a logarithm', (b, x) => b.op('Log', [b.op('Add', [b.scalar(1), exp(b, x)])])],
])('is one op, written %s', (_form, softplus) => {
  const { kernels, fired } = rewrite((b) => {
    const x = input(b, [3, 8]);
    return b.op('Multiply', [b.op('Tanh', [softplus(b, x)]), x]);
  });
  expect(kernels).toEqual(['Mish']);
  expect(fired).toEqual(['mish']);
});

test('is refused where its softplus is needed as well', () => {
  const { reasons } = rewrite((b) => {
    const x = input(b, [3, 8]);
    const y = b.op('Softplus', [x]);
    return [b.op('Multiply', [x, b.op('Tanh', [y])]), y];
  });
  expect(reasons('mish')).toEqual(['a Softplus is an output']);
});

test('is no match with another factor', () => {
  const { fired } = rewrite((b) => {
    const x = input(b, [3, 8]);
    return b.op('Multiply', [b.op('Relu', [x]), b.op('Tanh', [b.op('Softplus', [x])])]);
  });
  expect(fired).toEqual([]);
});
