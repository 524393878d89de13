/** Index variables and loops that several kernel families write. */
import { sizeOf, type Node } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import type { KernelEmission } from './emit';
import type { KernelWriter } from './wgsl/kernel-writer';

interface NamingOptions {
  /** Whose sizes are uniforms that the index shares with those of this scope only. */
  readonly scope?: string;
  /**
   * The extent that the text is written for, if its own is smaller: what is right for more is right for fewer.
   * An index that is within this one must not be beyond its own.
   */
  readonly atLeast?: number;
}

/** Gives an index in `[0, extent)` a name of its own, so that its text is not repeated in every offset. */
export function namedIndex(
  { writer, inliner }: KernelEmission,
  name: string,
  index: IndexExpr,
  extent: number,
  { scope, atLeast = 1 }: NamingOptions = {},
): IndexExpr {
  const assumed = Math.max(extent, atLeast);
  if (assumed === 1) return ix.zero;
  // Neighbours, such as row0 and row1, have the same sizes, and those of others may be equal by chance.
  const family = name.replace(/\d+$/, '');
  const code = inliner.index(index, scope ?? (writer.options.anySize ? family : undefined));
  // A last tile may reach over the edge: it computes the last element again and stores it not.
  const role = `${family}Last`;
  const last = (): string => writer.uniforms.size(extent - 1, scope, role);
  const bounded = mayExceed(writer, index, assumed) ? `min(${code}, ${last()})` : code;
  writer.statement(`let ${name} = ${bounded};`);
  writer.defineVariable(name);
  return ix.variable(name, assumed);
}

/**
 * The sizes of a batch of something, one thing being written as one of several where others may come: what its
 * index is divided by is the same then, and the quotient is 0. A reshape that follows would take that for a number
 * of its own.
 */
export function assumedBatch(
  { writer, request }: KernelEmission,
  sizes: readonly number[],
): readonly number[] {
  const [first, ...rest] = sizes;
  if (!writer.options.anySize || first !== 1 || sizeOf(rest) === 1) return sizes;
  const isReshaped = request.group.members.some(({ kernel }) => kernel === 'Reshape');
  return isReshaped ? sizes : [2, ...rest];
}

/**
 * Whether an index needs a test against `extent`. Where a shader is to serve other sizes too, a sum such
 * as `tile · 4 + i` may reach over the edge of those.
 */
export function mayExceed(
  { options }: KernelWriter,
  { max, terms, offset }: IndexExpr,
  extent: number,
): boolean {
  if (max >= extent) return true;
  return options.anySize && terms.length > 0 && (terms.length > 1 || offset !== 0);
}

/** A loop over `[0, extent)`; none where there is one element only. */
export function emitLoop(
  { writer }: KernelEmission,
  name: string,
  extent: number,
  body: (index: IndexExpr) => void,
): void {
  if (extent === 1) {
    body(ix.zero);
    return;
  }
  const limit = writer.dim(`${name}Count`, extent);
  writer.block(`for (var ${name} = 0; ${name} < ${limit}; ${name}++)`, () => {
    writer.defineVariable(name);
    body(ix.variable(name, extent));
  });
}

/** Loops within loops, the first outermost. */
export function emitLoops(
  emission: KernelEmission,
  loops: readonly { readonly name: string; readonly extent: number }[],
  body: (indices: readonly IndexExpr[]) => void,
): void {
  const [first, ...rest] = loops;
  if (!first) {
    body([]);
    return;
  }
  emitLoop(emission, first.name, first.extent, (index) => {
    emitLoops(emission, rest, (indices) => body([index, ...indices]));
  });
}

/** The refusal of kernels that compute in float32 only. */
export function floatOnly(node: Node): string | null {
  return node.inputs.every((input) => input.dtype === 'float32')
    ? null
    : 'only float32 is supported';
}
