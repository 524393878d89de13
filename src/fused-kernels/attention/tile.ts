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
  /** Workgroups of it that are enough, as a part of those that keep the device busy. */
  readonly enough: number;
}

/**
 * The tiles, larger ones first, for heads of up to 64, 128 and 32 elements. The more rows and keys an
 * invocation has, the fewer vectors it reads from workgroup memory for each multiply-add (AMD's navi31:
 * 0.12 for four rows and four keys, 0.18 for four and two), and what a team exchanges is for more keys.
 * On an NVIDIA H200 64×32 took 0.9 of the time of 32×32 for 1024 to 4096 keys, and 32×64 as much for 512;
 * on an H100 32×32 took 0.87 of that of 16×32 where there were enough workgroups, and up to 1.1 where not.
 */
export const ATTENTION_TILES: readonly AttentionTile[] = [
  { name: '64×32', rows: 64, keys: 32, lanes: 8, vectors: 16, enough: 1 },
  { name: '32×64', rows: 32, keys: 64, lanes: 16, vectors: 16, enough: 0.5 },
  { name: '32×32', rows: 32, keys: 32, lanes: 16, vectors: 16, enough: 1 },
  { name: '32×16', rows: 32, keys: 16, lanes: 8, vectors: 16, enough: 1 },
  { name: '16×32', rows: 16, keys: 32, lanes: 16, vectors: 16, enough: 0 },
  { name: '32×32 wide', rows: 32, keys: 32, lanes: 16, vectors: 32, enough: 0 },
  { name: '64×32 narrow', rows: 64, keys: 32, lanes: 8, vectors: 8, enough: 1 },
  { name: '32×32 narrow', rows: 32, keys: 32, lanes: 8, vectors: 8, enough: 0 },
];

/** A tile is passed over for a smaller one where less than this part of it is queries and keys. */
const MIN_USED = 0.7;
/** Vectors of the result that an invocation sums without running out of registers: twice as many are live. */
const MAX_SUMS = 8;

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
  { heads, queries, keys, depth, width }: AttentionSizes,
  target: Pick<KernelTarget, 'workgroupMemory' | 'maxInvocations' | 'busyWorkgroups' | 'anySize'>,
): AttentionTile[] {
  const { anySize, busyWorkgroups } = target;
  const elements = Math.max(depth, width);
  // Of a head in pieces, queries are staged again for every tile of keys.
  const wanted = elements <= 32 ? 8 : elements <= 64 ? 16 : 32;
  const workgroups = ({ rows }: AttentionTile): number =>
    anySize ? roundSize(heads * queries) / rows : heads * Math.ceil(queries / rows);
  const used = (size: number, tile: number): number => size / (Math.ceil(size / tile) * tile);
  const sums = ({ lanes }: AttentionTile): number => ROWS * Math.ceil(width / 4 / lanes);
  const fits = (tile: AttentionTile): boolean =>
    sums(tile) <= MAX_SUMS &&
    workgroups(tile) >= tile.enough * busyWorkgroups &&
    (anySize || used(queries, tile.rows) * used(keys, tile.keys) >= MIN_USED);
  const legal = ATTENTION_TILES.filter(
    (tile) =>
      memoryOf(tile) <= target.workgroupMemory && invocationsOf(tile) <= target.maxInvocations,
  );
  const wide = legal.filter(({ vectors }) => vectors === wanted);
  const likely = wide.length > 0 ? wide : legal.filter(({ vectors }) => vectors === 16);
  const pick = likely.find(fits) ?? likely[likely.length - 1];
  return [pick, ...legal.filter((tile) => tile !== pick)];
}
