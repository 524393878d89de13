/**
 * Writes index expressions as WGSL. Quotients have names, so that each is divided once. In a loop, what does not
 * change from turn to turn is computed in front of it, and quotients that do change are counted instead of divided.
 */
import type { CallAtom, IndexExpr } from '../../ir/index-expression';
import type * as ix from '../../ir/index-expression';
import type { KernelWriter } from './kernel-writer';
import { divisorOf, strideOf } from './index-names';
import { LANE } from './lanes';

/** A loop whose turns are to cost no index arithmetic that can be had cheaper. */
export interface IndexLoop {
  /** Depth of the loop's body. */
  readonly depth: number;
  /** Text of a quotient or remainder that changes from turn to turn. */
  quotient(atom: ix.QuotientAtom): string;
}

export class IndexWriter {
  /** The loop that is being written, if its turns are to cost little. */
  loop: IndexLoop | null = null;

  /** @param call writes an opaque index, and the texts of its arguments where it asks for them. */
  constructor(
    private readonly writer: KernelWriter,
    private readonly call: (atom: CallAtom, args: () => readonly string[]) => string,
  ) {}

  /** Text of an index; `scope` names the buffer it belongs to. */
  index(expr: IndexExpr, scope?: string): string {
    const { loop, writer } = this;
    return loop && writer.depth >= loop.depth
      ? this.hoistedIndex(expr, scope)
      : this.sum(expr.terms, expr.offset, scope);
  }

  private sum(terms: readonly ix.Term[], offset: number, scope?: string): string {
    const parts = terms.map(({ coefficient, atom }) => {
      const code = this.atomCode(atom, scope);
      if (coefficient === 1) return code;
      return `${code} * ${this.writer.uniforms.integer(coefficient, scope, strideOf(atom))}`;
    });
    if (offset !== 0 || parts.length === 0)
      parts.push(this.writer.uniforms.integer(offset, scope, 'offset'));
    return parts.join(' + ');
  }

  /**
   * Text of an index whose terms are named in the scopes they depend on: those that a loop does not
   * change are summed in front of it, and indices that differ in those only share the rest.
   */
  private hoistedIndex({ terms, offset }: IndexExpr, scope?: string): string {
    const byDepth = new Map<number, ix.Term[]>();
    for (const term of terms) {
      const depth = this.depthOf({ terms: [term] });
      byDepth.set(depth, [...(byDepth.get(depth) ?? []), term]);
    }
    let rest = offset;
    const parts = [...byDepth].map(([depth, group]) => {
      // A negative offset is a padding, which belongs to what is in front of the loop; a positive
      // one tells neighbours apart, whose sums are otherwise the same.
      const constant = depth < this.writer.depth ? Math.min(rest, 0) : 0;
      rest -= constant;
      if (group.length === 1 && group[0].coefficient === 1 && constant === 0) {
        return this.sum(group, 0, scope);
      }
      const key = group.map(({ coefficient, atom }) => `${coefficient}*${atom.key}`).join('+');
      return this.named(
        `${scope}:${key}+${constant}`,
        () => this.sum(group, constant, scope),
        depth,
      );
    });
    if (rest !== 0 || parts.length === 0)
      parts.push(this.writer.uniforms.integer(rest, scope, 'offset'));
    return parts.join(' + ');
  }

  /** The name of an integer in the scope at `depth`, which `code` writes where it has none yet. */
  private named(key: string, code: () => string, depth: number): string {
    const known = this.writer.recall<string>(`index ${key}`);
    if (known !== null) return known;
    const name = this.writer.let(code(), depth, 'i');
    this.writer.scopeAt(depth).memo.set(`index ${key}`, name);
    return name;
  }

  /** Depth of the innermost variable an index depends on. */
  depthOf({ terms }: Pick<IndexExpr, 'terms'>): number {
    let depth = 0;
    for (const { atom } of terms) depth = Math.max(depth, this.depthOfAtom(atom));
    return depth;
  }

  private depthOfAtom(atom: ix.Atom): number {
    switch (atom.kind) {
      case 'variable':
        return atom.name === LANE ? 0 : this.writer.depthOfVariable(atom.name);
      case 'div':
      case 'mod':
        return this.depthOf(atom.x);
      case 'call':
        return Math.max(0, ...atom.args.map((arg) => this.depthOf(arg)));
    }
  }

  private atomCode(atom: ix.Atom, scope?: string): string {
    switch (atom.kind) {
      case 'variable':
        return atom.name;
      case 'div':
      case 'mod': {
        const { loop, writer } = this;
        const depth = this.depthOf(atom.x);
        if (loop && depth >= loop.depth) return loop.quotient(atom);
        // Of no buffer: a division is said in the same words everywhere, so that compilers do it once.
        const code = (): string => {
          const operator = atom.kind === 'div' ? '/' : '%';
          const divisor = writer.uniforms.integer(atom.by, '', divisorOf(atom.x));
          return `(${this.parenthesize(atom.x, '')} ${operator} ${divisor})`;
        };
        return this.named(atom.key, code, depth);
      }
      case 'call': {
        return this.call(atom, () => atom.args.map((arg) => this.index(arg, scope)));
      }
    }
  }

  private parenthesize(expr: IndexExpr, scope?: string): string {
    const single = expr.terms.length === 1 && expr.offset === 0 && expr.terms[0].coefficient === 1;
    return single ? this.index(expr, scope) : `(${this.index(expr, scope)})`;
  }
}
