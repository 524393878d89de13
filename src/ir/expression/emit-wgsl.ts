/** From expressions to WGSL. */
import { numberNodes, type ApplyExpr, type Expr } from './expression';
import type { WgslContext } from './scalar-op';
import { literal } from './wgsl';

/** How the expression meets the kernel around it. */
export interface EmitOptions extends Pick<WgslContext, 'width' | 'helper' | 'nan' | 'infinity'> {
  /** The identifier that holds the loaded value of slot `index`. */
  inputName(index: number): string;
  /** Variables are named with this and a number, so that two expressions may share a scope. */
  readonly prefix?: string;
}

export interface EmittedWgsl {
  /** `let` statements in order. */
  readonly statements: readonly string[];
  /** One identifier or literal an output. */
  readonly results: readonly string[];
}

/** Deeper or longer than this, an expression is easier to read with a name. */
const MAX_INLINE_DEPTH = 2;
const MAX_INLINE_LENGTH = 60;

/** A piece of WGSL; `depth` 0 is an identifier or a literal. */
interface Fragment {
  readonly text: string;
  readonly depth: number;
}

/**
 * Writes expressions as WGSL. What is used more than once, or is deep, is named by a `let`; the
 * rest is written in place. Equal expressions give equal text.
 *
 * Within an op the text holds to `evaluate` for NaN and infinities too. Across ops, a shader
 * compiler may reorder sums and products, which WGSL allows: it makes 1 of `x + (1 - x)`.
 */
export function emitWgsl(outputs: readonly Expr[], options: EmitOptions): EmittedWgsl {
  const { nodes, results } = numberNodes(outputs);
  const { prefix = 'v' } = options;
  const statements: string[] = [];
  const named = new Map<number, Fragment>();

  const bind = (id: number, { text }: Fragment): Fragment => {
    const identifier = { text: `${prefix}${statements.length}`, depth: 0 };
    statements.push(`let ${identifier.text} = ${text};`);
    named.set(id, identifier);
    return identifier;
  };

  /** The node as an identifier or a literal. */
  const name = (id: number): Fragment => {
    const fragment = named.get(id) ?? write(id);
    return fragment.depth === 0 ? fragment : bind(id, fragment);
  };

  /** The node in place if it is short, else its name. */
  const inline = (id: number): Fragment => {
    const fragment = named.get(id) ?? write(id);
    const short = fragment.depth <= MAX_INLINE_DEPTH && fragment.text.length <= MAX_INLINE_LENGTH;
    return fragment.depth === 0 || short ? fragment : bind(id, fragment);
  };

  const write = (id: number): Fragment => {
    const { expr, args } = nodes[id];
    switch (expr.kind) {
      case 'input':
        return { text: options.inputName(expr.index), depth: 0 };
      case 'constant':
        return { text: literal(expr.value, expr.type, options), depth: 0 };
      case 'apply':
        return writeApply(expr, args);
    }
  };

  const writeApply = (expr: ApplyExpr, args: readonly number[]): Fragment => {
    // Slots first: how often an op repeats an argument decides whether that needs a name.
    // Equal arguments have one slot, so that an op can see that they are equal.
    const slots = args.map((arg) => `@${args.indexOf(arg)}@`);
    let text = expr.op.wgsl(slots, {
      width: options.width,
      types: expr.args.map((arg) => arg.type),
      type: expr.type,
      attrs: expr.attrs,
      constants: expr.args.map((arg) => (arg.kind === 'constant' ? arg.value : undefined)),
      helper: options.helper,
      // Asked for where they are needed only: each takes a uniform.
      get nan() {
        return options.nan;
      },
      get infinity() {
        return options.infinity;
      },
    });
    // An op that changes nothing (Floor of an int32) is its argument.
    const own = text === slots[0] ? 0 : 1;
    let depth = 0;
    new Set(args).forEach((arg) => {
      const slot = slots[args.indexOf(arg)];
      const occurrences = text.split(slot).length - 1;
      if (occurrences === 0) return;
      const repeated = occurrences > 1 || nodes[arg].uses > 1;
      const fragment = repeated ? name(arg) : inline(arg);
      depth = Math.max(depth, fragment.depth);
      text = fill(text, slot, fragment);
    });
    return { text, depth: depth + own };
  };

  return { results: results.map((id) => name(id).text), statements };
}

/** Puts a fragment into its slot, in parentheses where it would not hold together without. */
function fill(text: string, slot: string, { text: fragment, depth }: Fragment): string {
  if (depth === 0 || isCall(fragment)) return text.replaceAll(slot, fragment);
  const at = text.indexOf(slot);
  const before = text.slice(0, at);
  const after = text.slice(at + slot.length);
  const alone = /(^|\(|, )$/.test(before) && /^(\)|,|$)/.test(after);
  return alone ? before + fragment + after : `${before}(${fragment})${after}`;
}

/** Whether an expression is one call and nothing more: `f(a)`, not `f(a) - f(b)`. */
function isCall(text: string): boolean {
  const start = /^[\w<>]+\(/.exec(text)?.[0].length;
  if (start === undefined) return false;
  let open = 1;
  let at = start;
  for (; at < text.length && open > 0; at++) {
    if (text[at] === '(') open++;
    if (text[at] === ')') open--;
  }
  return at === text.length;
}
