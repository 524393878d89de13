/** Heads that are longer than what workgroup memory has of one: in pieces, and whose the vectors are. */
import type { IndexExpr } from '../../ir/index-expression';
import * as ix from '../../ir/index-expression';
import type { KernelWriter } from '../wgsl/kernel-writer';
import type { AttentionTile } from './tile';

export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** A head in pieces of equal length, each of which is in workgroup memory by itself. */
export interface Pieces {
  readonly elements: number;
  /** Vectors of all pieces. */
  readonly total: number;
  readonly count: number;
  /** Vectors of a piece; the last one may have fewer. */
  readonly vectors: number;
}

export function piecesOf(elements: number, mostVectors: number): Pieces {
  const total = Math.ceil(elements / 4);
  const count = Math.ceil(total / mostVectors);
  return { elements, total, count, vectors: Math.ceil(total / count) };
}

/** A vector of a piece that an invocation works on. */
export interface Share {
  /** Its place among the piece's vectors. */
  readonly column: IndexExpr;
  readonly code: string;
  /** Says that the piece has this vector; '' where each piece has. */
  readonly guard: string;
}

/** The vectors of a piece that this invocation works on, member of a team; `name` is that of their number. */
export function sharesOf(
  writer: KernelWriter,
  { lanes, vectors }: AttentionTile,
  pieces: Pieces,
  piece: number,
  name: string,
): Share[] {
  const here = Math.min(pieces.vectors, pieces.total - piece * pieces.vectors);
  return range(vectors / lanes).flatMap((share) => {
    const left = here - share * lanes;
    if (left <= 0) return [];
    const code = share === 0 ? 'member' : `member + ${share * lanes}`;
    const member = ix.variable('member', Math.min(left, lanes));
    const limit = (): string => writer.dim(piece === 0 ? name : `${name}${piece}`, here);
    const guard = left >= lanes ? '' : `${code} < ${limit()}`;
    return [{ column: ix.shift(member, share * lanes), code, guard }];
  });
}
