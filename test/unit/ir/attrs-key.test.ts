import { attrsKey } from '../../../src/ir/attrs-key';
import { GraphBuilder } from '../../../src/ir/builder';
import { mergeCommonSubexpressions } from '../../../src/ir/common-subexpressions';
import { removeDeadNodes } from '../../../src/ir/graph';

const numbers = [0, -0, 1, NaN, Infinity, -Infinity];

describe('the key of attributes', () => {
  test('tells numbers that JSON does not', () => {
    const keys = numbers.flatMap((value) => [attrsKey({ value }), attrsKey({ value: [value] })]);
    expect(new Set(keys).size).toBe(keys.length);
    expect(attrsKey({ value: null })).not.toBe(attrsKey({ value: NaN }));
  });

  test('is the same in any order', () => {
    expect(attrsKey({ a: 1, b: [2] })).toBe(attrsKey({ b: [2], a: 1 }));
  });
});

test('pads of different values stay two kernels', () => {
  const b = new GraphBuilder();
  const x = b.graph.input({ shape: [3], dtype: 'float32' });
  const pads = numbers.map((constantValue) =>
    b.op('PadV2', [x], { paddings: [[1, 1]], constantValue }),
  );
  b.graph.outputs = [...pads, b.op('PadV2', [x], { paddings: [[1, 1]], constantValue: NaN })];
  mergeCommonSubexpressions(b.graph);
  removeDeadNodes(b.graph);
  expect(b.graph.nodes).toHaveLength(numbers.length);
});
