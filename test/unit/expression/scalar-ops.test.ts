import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { scalarOp, scalarOps, type ScalarOp, type ScalarType } from '../../../src/ir/expression';
import { roundToType } from '../../../src/ir/expression/scalar-op';
import { COMPOSED } from '../../support/composed-ops';
import { argumentColumns, inputNames, opCases, type OpCase } from './cases';

function makeTensor(values: readonly number[], type: ScalarType): tf.Tensor {
  const array = type === 'float32' ? Float32Array : type === 'int32' ? Int32Array : Uint8Array;
  return tf.tensor1d(array.from(values), type);
}

/**
 * Whether a result is that of a composition: equal, but for the rounding of a few ops, which of a
 * denormal on the way may leave nothing.
 */
function isNear(actual: number, expected: number): boolean {
  if (Object.is(actual, expected) || actual === expected) return true;
  return Math.abs(actual - expected) <= Math.max(4 * 2 ** -24 * Math.abs(expected), 2 ** -126);
}

function runCpu(op: ScalarOp, { types, attrs }: OpCase, columns: readonly number[][]) {
  return tf.tidy(() => {
    const tensors = columns.map((column, i) => makeTensor(column, types[i]));
    const inputs = Object.fromEntries(inputNames(op).map((name, i) => [name, tensors[i]]));
    const result =
      COMPOSED[op.kernel]?.(...tensors) ??
      tf.engine().runKernel(op.kernel, inputs, attrs as tf.NamedAttrMap);
    const { dtype } = result;
    return { dtype, values: [...result.dataSync()] };
  });
}

/**
 * Where an op is meant to differ from the cpu kernel: int32 results that cpu rounds, to float32 on
 * the way (Abs, Square) or to the 53 bits of a double (products beyond them).
 */
function differsFromCpu(op: ScalarOp, types: readonly ScalarType[], args: readonly number[]) {
  if (types[0] !== 'int32') return false;
  const [a, b] = args;
  switch (op.kernel) {
    case 'Abs':
      return Math.abs(a) > 2 ** 24;
    case 'Square':
      return a * a > 2 ** 24;
    case 'Multiply':
      return Math.abs(a * b) > 2 ** 53;
    case 'SquaredDifference':
      return (a - b) ** 2 > 2 ** 53;
    case 'Pow':
      return Math.abs(a ** b) > 2 ** 53;
    default:
      return false;
  }
}

beforeAll(() => tf.setBackend('cpu'));

const OPS = [...scalarOps.values()].map((op) => [op.kernel, op] as const);

describe('evaluate gives what the cpu kernel gives, bit for bit', () => {
  test.each(OPS)('%s', (_kernel, op) => {
    const cases = opCases(op);
    expect(cases).not.toHaveLength(0);
    for (const opCase of cases) {
      const { types, attrs } = opCase;
      const columns = argumentColumns(types);
      const { dtype, values } = runCpu(op, opCase, columns);
      expect(dtype).toBe(op.resultType(types, attrs));
      values.forEach((value, row) => {
        const args = columns.map((column) => column[row]);
        if (differsFromCpu(op, types, args)) return;
        // The data of an int32 tensor that was cast to float32 is still an Int32Array on cpu.
        const expected = roundToType(value, dtype as ScalarType);
        const actual = op.evaluate(args, types, attrs);
        const isRight = COMPOSED[op.kernel] ? isNear : Object.is;
        if (!isRight(actual, expected)) {
          throw new Error(
            `${op.kernel} ${JSON.stringify(attrs)} (${types}) of (${args}): ` +
              `evaluate gives ${actual}, cpu ${expected}`,
          );
        }
      });
    }
  });
});

describe('int32 results that cpu rounds are exact', () => {
  test.each([
    ['Abs', [-16777217], 16777217],
    ['Square', [4097], 16785409],
    ['Square', [65537], 131073],
    ['Multiply', [2147483647, 2147483647], 1],
    ['SquaredDifference', [2147483647, -2147483648], 1],
    ['Pow', [3, 40], Number(BigInt.asIntN(32, 3n ** 40n))],
    ['Pow', [-1, 2147483647], -1],
  ])('%s of %p', (kernel, args, expected) => {
    const types = args.map(() => 'int32' as const);
    expect(scalarOp(kernel)!.evaluate(args, types, {})).toBe(expected);
  });
});

describe('resultType', () => {
  test.each<[string, ScalarType[], Record<string, unknown>?]>([
    ['Add', ['float32', 'int32']],
    ['Add', ['bool', 'bool']],
    ['RealDiv', ['int32', 'int32']],
    ['Sqrt', ['int32']],
    ['LogicalAnd', ['int32', 'int32']],
    ['Select', ['int32', 'float32', 'float32']],
    ['BitwiseAnd', ['float32', 'float32']],
    ['Equal', ['float32', 'int32']],
    ['Cast', ['float32'], { dtype: 'string' }],
    ['Add', ['float32']],
  ])('%s(%p) has no form', (kernel, types, attrs = {}) => {
    const op = scalarOp(kernel)!;
    expect(op.resultType(types, attrs)).toBeUndefined();
    expect(() =>
      op.evaluate(
        types.map(() => 1),
        types,
        attrs,
      ),
    ).toThrow(/no form/);
  });

  test('other kernels are not elementwise', () => {
    expect(scalarOp('MatMul')).toBeUndefined();
  });
});
