/** The table of scalar ops, and what others may use of expressions. */
import { binaryOps } from './binary';
import { comparisonOps } from './comparison';
import type { ScalarOp } from './scalar-op';
import { selectAndCastOps } from './select-and-cast';
import { unaryOps } from './unary';
import { unaryMathOps } from './unary-math';

/** Every elementwise kernel of tfjs, by kernel name. */
export const scalarOps: ReadonlyMap<string, ScalarOp> = new Map(
  [...unaryOps, ...unaryMathOps, ...binaryOps, ...comparisonOps, ...selectAndCastOps].map((op) => [
    op.kernel,
    op,
  ]),
);

/** The scalar op of a tfjs kernel, or undefined where the kernel is not elementwise. */
export function scalarOp(kernel: string): ScalarOp | undefined {
  return scalarOps.get(kernel);
}

export { emitWgsl, type EmitOptions, type EmittedWgsl } from './emit-wgsl';
export {
  apply,
  constant,
  evaluate,
  expressionKey,
  input,
  inputIndices,
  isExpr,
  numberKey,
  operations,
  substitute,
  type ApplyExpr,
  type ConstantExpr,
  type Expr,
  type InputExpr,
} from './expression';
export * as nan from './functions/nan';
export { roundToType } from './scalar-op';
export type { Attrs, ScalarOp, ScalarType, WgslContext } from './scalar-op';
export { upcast } from './select-and-cast';
export { f32Literal, i32Literal, wgslType, type HelperContext } from './wgsl';
