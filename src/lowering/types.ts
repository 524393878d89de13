/** dtypes of operands that do not agree, and of attributes. */
import type { GraphBuilder } from '../ir/builder';
import { upcast } from '../ir/expression';
import type { DType, Value } from '../ir/graph';
import { demand } from '../ir/infer/refused';

/** Both in the type that tfjs computes a mixed pair in. */
export function matchTypes(b: GraphBuilder, x: Value, y: Value): [Value, Value] {
  const dtype = upcast(x.dtype, y.dtype);
  return [b.cast(x, dtype), b.cast(y, dtype)];
}

export function isIrType(dtype: unknown): dtype is DType {
  return dtype === 'float32' || dtype === 'int32' || dtype === 'bool';
}

/** The IR's name of a tfjs type; refuses complex64 and string. */
export function irType(dtype: unknown): DType {
  demand(isIrType(dtype), () => `${String(dtype)} has no form in the IR`);
  return dtype as DType;
}
