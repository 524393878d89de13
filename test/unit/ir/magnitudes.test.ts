import { GraphBuilder } from '../../../src/ir/builder';
import { splitConstantPart } from '../../../src/ir/constant-part';
import type { Value } from '../../../src/ir/graph';
import { isKnownFinite, magnitudesOf } from '../../../src/ir/magnitudes';

/** A constant whose elements are on the host, and too many of them to be computed with there. */
function large(b: GraphBuilder, ...first: number[]): Value {
  const host = new Float32Array(9000).fill(2);
  host.set(first);
  return b.constant({ shape: [9000], dtype: 'float32' }, { host });
}

describe('magnitudes of constants', () => {
  test('are those of their elements', () => {
    const b = new GraphBuilder();
    expect(magnitudesOf(large(b, -8, 0.5))).toEqual({ least: 0.5, most: 8 });
    expect(magnitudesOf(b.hostConstant([0], 'float32', []))).toEqual({ least: 0, most: 0 });
  });

  test.each([NaN, Infinity, -Infinity])('tell of %p, first, last or between', (special) => {
    const b = new GraphBuilder();
    expect(isKnownFinite(large(b, special))).toBe(false);
    expect(isKnownFinite(large(b, 1, special, 3))).toBe(false);
    const host = new Float32Array(9000);
    host[8999] = special;
    expect(isKnownFinite(b.constant({ shape: [9000], dtype: 'float32' }, { host }))).toBe(false);
  });

  test('are not known of inputs, nor of constants that only the device has', () => {
    const b = new GraphBuilder();
    expect(magnitudesOf(b.input({ shape: [3], dtype: 'float32' }))).toBeUndefined();
    expect(magnitudesOf(b.constant({ shape: [3], dtype: 'float32' }, {}))).toBeUndefined();
  });

  test('follow products and quotients of constants', () => {
    const b = new GraphBuilder();
    const [x, y] = [large(b, 1, 8), large(b, 4, 0.5)];
    expect(magnitudesOf(b.op('Multiply', [x, y]))).toEqual({ least: 0.5, most: 32 });
    expect(magnitudesOf(b.op('RealDiv', [x, y]))).toEqual({ least: 0.25, most: 16 });
    expect(isKnownFinite(b.op('RealDiv', [x, large(b, 0)]))).toBe(false);
    expect(isKnownFinite(b.op('Multiply', [large(b, 1e30), large(b, 1e30)]))).toBe(false);
    expect(isKnownFinite(b.op('Exp', [x]))).toBe(false);
  });

  test('are handed on to what stands for a computed constant', () => {
    const b = new GraphBuilder();
    const x = b.input({ shape: [9000], dtype: 'float32' });
    b.graph.outputs = [b.op('Add', [x, b.op('Multiply', [large(b, 3), large(b, 5)])])];
    const part = splitConstantPart(b.graph);
    expect(part?.results.map(magnitudesOf)).toEqual([{ least: 4, most: 15 }]);
  });
});
