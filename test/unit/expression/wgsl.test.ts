import fc from 'fast-check';
import { f32Literal, i32Literal, scalarOps } from '../../../src/ir/expression';
import { opCases } from './cases';

describe('f32Literal', () => {
  test.each([
    [0, '0.0'],
    [-0, '-0.0'],
    [1, '1.0'],
    [-6, '-6.0'],
    [0.1, '0.1'],
    [1 / 3, '0.33333334'],
    [16777216, '16777216.0'],
    [1e30, '1e30'],
    [-1e-7, '-1e-7'],
    [2 ** -149, '1e-45'],
    // 3.4028235e38 would round to it, but is beyond the range of WGSL's literals.
    [3.4028234663852886e38, '3.4028234663852886e38'],
  ])('%p is %s', (value, text) => expect(f32Literal(value)).toBe(text));

  test('reads back as the float32 nearest to the value', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = f32Literal(value);
        expect(text).toMatch(/^-?\d+(\.\d+)?(e-?\d+)?$/);
        expect(text).toMatch(/[.e]/);
        expect(Math.fround(Number(text))).toBe(value);
      }),
    );
  });

  test.each([NaN, Infinity, 1e39])('%p has none', (value) => {
    expect(() => f32Literal(value)).toThrow(/no WGSL literal/);
  });
});

test.each([
  [0, '0'],
  [-1, '-1'],
  [-(2 ** 31), '-2147483648'],
])('i32Literal(%p) is %s', (value, text) => expect(i32Literal(value)).toBe(text));

test('equal helper names mean equal sources', () => {
  const sources = new Map<string, string>();
  for (const op of scalarOps.values()) {
    for (const { types, attrs } of opCases(op)) {
      for (const width of [1, 4] as const) {
        op.wgsl(['a', 'b', 'c'].slice(0, op.arity), {
          width,
          types,
          type: op.resultType(types, attrs)!,
          attrs,
          constants: types.map(() => undefined),
          nan: 'NAN',
          infinity: 'INFINITY',
          helper(name, source) {
            expect(sources.get(name) ?? source).toBe(source);
            // Emitted once at module scope, under this name.
            expect(source.startsWith(`fn ${name}(`)).toBe(true);
            sources.set(name, source);
            return name;
          },
        });
      }
    }
  }
  expect(sources.size).toBeGreaterThan(40);
});
