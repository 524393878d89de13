/** Kernels that compute each element from the elements at its place: one for each scalar op, and AddN. */
import { scalarOps, type ScalarOp } from '../ir/expression';
import type { GraphBuilder } from '../ir/builder';
import { sameShape, type Attrs, type Value } from '../ir/graph';
import { demand } from '../ir/infer/refused';
import { lowering, variadic, type Lowering } from './lowering';
import { irType, matchTypes } from './types';

/** Operands that are not called `x`, or `a` and `b`. */
const INPUTS: Readonly<Record<string, readonly string[]>> = {
  Prelu: ['x', 'alpha'],
  EluGrad: ['dy', 'y'],
  Select: ['condition', 't', 'e'],
};

/** Kernels whose operands need not be of one type. */
const MIXED: ReadonlySet<string> = new Set(['Prelu']);

const NAMES = [['x'], ['a', 'b'], ['a', 'b', 'c']] as const;

function operandsOf(b: GraphBuilder, op: ScalarOp, operands: readonly Value[]): readonly Value[] {
  if (MIXED.has(op.kernel) || op.arity === 1) return operands;
  const [first, second] = operands.slice(-2);
  return [...operands.slice(0, -2), ...matchTypes(b, first, second)];
}

/** A pair in the type that tfjs computes it in, truth values as integers. */
function ofNumbers(b: GraphBuilder, [x, y]: readonly Value[]): readonly Value[] {
  const isWhole = x.dtype !== 'float32' && y.dtype !== 'float32';
  return isWhole ? [b.cast(x, 'int32'), b.cast(y, 'int32')] : matchTypes(b, x, y);
}

/** An op with the attributes that its result depends on. */
function elementwise(op: ScalarOp): Lowering<Attrs, Value> {
  const names = INPUTS[op.kernel] ?? NAMES[op.arity - 1];
  return lowering(names, (b, operands: readonly Value[], attrs: Attrs) => {
    const own = op.attrNames.map((name) => [name, attrs[name]] as const);
    const inputs = operandsOf(b, op, operands);
    return b.op(op.kernel, inputs, Object.fromEntries(own));
  });
}

/** One for each scalar op. */
export const scalarLowerings: Readonly<Record<string, Lowering<Attrs, Value>>> = {
  ...Object.fromEntries([...scalarOps.values()].map((op) => [op.kernel, elementwise(op)])),
  // tfjs's -1 is true, as a bool: its product with one is that bool.
  Neg: lowering(['x'], (b, [x]) => (x.dtype === 'bool' ? x : b.op('Neg', [x]))),
  // An int32 even of truth values.
  FloorDiv: lowering(NAMES[1], (b, operands) => b.op('FloorDiv', ofNumbers(b, operands))),
  // A truth value of truth values.
  Mod: lowering(NAMES[1], (b, operands) => {
    const result = b.op('Mod', ofNumbers(b, operands));
    return operands.every(({ dtype }) => dtype === 'bool') ? b.cast(result, 'bool') : result;
  }),
};

export const elementwiseLowerings = {
  ...scalarLowerings,
  Cast: lowering(['x'], (b, [x], { dtype }: { dtype: unknown }) => b.cast(x, irType(dtype))),
  AddN: variadic((b, [first, ...rest]) =>
    rest.reduce((sum, term) => {
      demand(
        term.dtype === first.dtype && sameShape(term.shape, first.shape),
        () => 'its terms differ in shape or type',
      );
      return b.op('Add', [sum, term]);
    }, first),
  ),
};
