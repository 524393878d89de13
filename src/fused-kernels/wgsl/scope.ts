/** The statements of a shader in nested blocks, and which of its lines compute which node. */
import type { Node, Value } from '../../ir/graph';

/** Lines of a shader, counted from 1, that compute the node which gives `value`. */
export interface ShaderPart {
  readonly first: number;
  readonly last: number;
  readonly value: Value;
}

/** Text of a shader, and the node that it computes; null where it is the kernel's own. */
export interface Passage {
  readonly text: string;
  readonly of: Node | null;
}

/** Statements of a block. Nested blocks are scopes of their own. */
export class Scope {
  readonly items: (Passage | Scope)[] = [];
  readonly memo = new Map<string, unknown>();

  constructor(
    readonly parent: Scope | null,
    /** Text in front of the block's `{`, such as `if (row < u.rows) `. */
    readonly header: string,
    readonly depth: number,
    readonly of: Node | null,
  ) {}

  /** Adds a statement; while a nested block is being written, in front of that block. */
  push(statement: Passage, open: Scope | null): void {
    let last = this.items.length - 1;
    if (open && this.items[last] === open) {
      // An `else` has its `if` in front of it.
      if (open.header.startsWith('else')) last--;
      this.items.splice(last, 0, statement);
    } else {
      this.items.push(statement);
    }
  }

  /** Adds the block's statements to a list, indented. */
  print(indent: string, into: Passage[]): void {
    for (const item of this.items) {
      const { of } = item;
      if (!(item instanceof Scope)) {
        into.push({ text: `${indent}${item.text}`, of });
        continue;
      }
      into.push({ text: `${indent}${item.header}{`, of });
      item.print(`${indent}  `, into);
      into.push({ text: `${indent}}`, of });
    }
  }
}

/** Lines of neighbouring passages of one node, as one part. */
export function partsOf(passages: readonly Passage[]): ShaderPart[] {
  const parts: { first: number; last: number; value: Value }[] = [];
  let line = 1;
  for (const { text, of } of passages) {
    const first = line;
    line += linesOf(text);
    if (!of) continue;
    const [value] = of.outputs;
    const before = parts.at(-1);
    if (before?.value === value && before.last === first - 1) before.last = line - 1;
    else parts.push({ first, last: line - 1, value });
  }
  return parts;
}

function linesOf(text: string): number {
  let lines = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}
