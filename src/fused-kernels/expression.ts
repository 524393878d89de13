/** Writes a scalar expression of an anchor's own, such as what stands between two of its products. */
import { emitWgsl, type Expr } from '../ir/expression';
import type { KernelEmission } from './emit';
import type { Operand } from './wgsl/inliner';
import { vectorType } from './wgsl/kernel-writer';

/**
 * Writes `expr` as statements of the current block, whose variables begin with `prefix`.
 *
 * @param slot what the expression's input of this index is here.
 * @returns the text of its value: an identifier or a literal.
 */
export function emitExpression(
  { writer, inliner }: KernelEmission,
  expr: Expr,
  width: 1 | 4,
  prefix: string,
  slot: (index: number) => Operand,
): string {
  const splat = (code: string): string =>
    width === 1 ? code : `${vectorType('float32', width)}(${code})`;
  const { statements, results } = emitWgsl([expr], {
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
  return results[0];
}
