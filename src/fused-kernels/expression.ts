/** Writes a scalar expression of an anchor's own, such as what stands between two of its products. */
import { emitWgsl, type Expr } from '../ir/expression';
import type { KernelEmission } from './emit';
import type { Operand } from './wgsl/inliner';
import { vectorType } from './wgsl/kernel-writer';

/**
 * Writes expressions as statements of the current block, whose variables begin with `prefix`.
 *
 * @param slot what the expressions' input of this index is here.
 * @returns the texts of their values: identifiers or literals.
 */
export function emitExpressions(
  { writer, inliner }: KernelEmission,
  exprs: readonly Expr[],
  width: 1 | 4,
  prefix: string,
  slot: (index: number) => Operand,
): readonly string[] {
  const splat = (code: string): string =>
    width === 1 ? code : `${vectorType('float32', width)}(${code})`;
  const { statements, results } = emitWgsl(exprs, {
    width,
    prefix,
    helper: (name, source) => writer.helper(name, source),
    get nan() {
      return splat(writer.uniforms.special(NaN));
    },
    get infinity() {
      return splat(writer.uniforms.special(Infinity));
    },
    inputName: (index) => inliner.widen(slot(index), width),
  });
  for (const statement of statements) writer.statement(statement);
  return results;
}

/** Writes one expression, as {@link emitExpressions} does several. */
export function emitExpression(
  emission: KernelEmission,
  expr: Expr,
  width: 1 | 4,
  prefix: string,
  slot: (index: number) => Operand,
): string {
  return emitExpressions(emission, [expr], width, prefix, slot)[0];
}
