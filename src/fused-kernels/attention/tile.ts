/** How an attention is divided among workgroups and invocations, as data and a function of sizes. */
import { roundSize, type Candidate } from '../candidates';
import type { KernelTarget } from '../target';
import type { AttentionSizes } from './sizes';

/** Rows that an invocation has: the components of a vector. */
export const ROWS = 4;

/**
 * What a workgroup has at a time. Invocations are `lanes × rows / 4`; each has four rows, every
 * `lanes`-th key of the tile and every `lanes`-th vector of the result.
 */
export interface AttentionTile extends Candidate {
  /** Queries of a workgroup. */
  readonly rows: number;
  /** Keys that are in workgroup memory at a time. */
  readonly keys: number;
  /** Invocations that share four rows. */
  readonly lanes: number;
  /** Vectors of a head that are in workgroup memory at a time; longer heads come in pieces. */
  readonly vectors: number;
}

/**
 * The tiles, larger ones first. Measured on an NVIDIA H100 with heads of 64: the one of 32 queries takes
 * 0.87 of the time of that of 16 where there are enough workgroups of it, and up to 1.1 where not.
 */
export const ATTENTION_TILES: readonly AttentionTile[] = [
  { name: '32×32', rows: 32, keys: 32, lanes: 16, vectors: 16 },
  { name: '32×32 wide', rows: 32, keys: 32, lanes: 16, vectors: 32 },
  { name: '16×32', rows: 16, keys: 32, lanes: 16, vectors: 16 },
  { name: '32×32 narrow', rows: 32, keys: 32, lanes: 8, vectors: 8 },
];

export const teamsOf = ({ rows }: AttentionTile): number => rows / ROWS;
export const invocationsOf = (tile: AttentionTile): number => tile.lanes * teamsOf(tile);

/** Arrays in workgroup memory, in vectors. Rows that are read across have one more, against conflicts. */
export function arraysOf(tile: AttentionTile) {
  const { rows, keys, lanes, vectors } = tile;
  const teams = teamsOf(tile);
  return {
    /** Queries, transposed: one element of four rows is a vector. */
    queries: rows * vectors,
    /** Keys, and then values. */
    staged: keys * (vectors + 1),
    weights: keys * (teams + 1),
    /** One vector of each invocation, for what a team finds out together. */
    exchange: lanes * teams,
  };
}

/** Bytes of workgroup memory. */
export function memoryOf(tile: AttentionTile): number {
  return 16 * Object.values(arraysOf(tile)).reduce((sum, length) => sum + length, 0);
}

/**
 * The tiles that the device has memory for, the rule's pick first: the largest, among those as wide as a
 * head where there are such, of which there are enough to keep the device busy.
 */
export function rankTiles(
  { heads, queries, depth, width }: AttentionSizes,
  target: Pick<KernelTarget, 'workgroupMemory' | 'maxInvocations' | 'busyWorkgroups' | 'anySize'>,
): AttentionTile[] {
  const elements = Math.max(depth, width);
  // Of a head in pieces, queries are staged again for every tile of keys.
  const wanted = elements <= 32 ? 8 : elements <= 64 ? 16 : 32;
  const isBusy = ({ rows }: AttentionTile): boolean =>
    (target.anySize ? roundSize(heads * queries) / rows : heads * Math.ceil(queries / rows)) >=
    target.busyWorkgroups;
  const legal = ATTENTION_TILES.filter(
    (tile) =>
      memoryOf(tile) <= target.workgroupMemory && invocationsOf(tile) <= target.maxInvocations,
  );
  const wide = legal.filter(({ vectors }) => vectors === wanted);
  const fitting = wide.length > 0 ? wide : legal.filter(({ vectors }) => vectors === 16);
  const pick = fitting.find(isBusy) ?? fitting[fitting.length - 1];
  return [pick, ...legal.filter((tile) => tile !== pick)];
}
