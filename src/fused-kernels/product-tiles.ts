/**
 * Tiles of products on a GPU, and which of them fits a shape. All of it is data: what was measured
 * is in {@link rules}, so that another measurement is another row.
 */
import { LruMap } from '../ir/lru-map';
import { chooseCandidate, roundSize, shapeClass, type Candidate } from './candidates';
import type { KernelTarget } from './target';

/** What a tile is chosen by. */
export interface ProductShape {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  /** Terms of a sum for each tap of the window. */
  readonly depth: number;
  /** Taps of the window of a convolution; 1 elsewhere. */
  readonly taps: number;
  /** Whether two products share their rows. */
  readonly pair: boolean;
}

/**
 * What a workgroup computes: `rows × columns` outputs, of which an invocation has
 * `threadRows × threadColumns`, in steps of `depth` along k. Where there are several `slices`, that
 * many invocations have the same outputs, and each a part of every step.
 */
export interface ProductTile {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly threadRows: number;
  readonly threadColumns: number;
  readonly slices: number;
  /** Invocations of a workgroup. */
  readonly invocations: number;
}

/** A tile, and how many workgroups share the depth of each ("split k"). */
export interface ProductChoice extends Candidate {
  readonly tile: ProductTile;
  readonly parts: number;
}

/** The tile of a name such as `32x32x64 4x4 s4`: rows × columns × depth, of an invocation, slices. */
function tileNamed(name: string): ProductTile {
  const [size, thread, sliced] = name.split(' ');
  const [rows, columns, depth] = size.split('x').map(Number);
  const [threadRows, threadColumns] = thread.split('x').map(Number);
  const slices = sliced ? Number(sliced.slice(1)) : 1;
  const invocations = (rows / threadRows) * (columns / threadColumns) * slices;
  return { name, rows, columns, depth, threadRows, threadColumns, slices, invocations };
}

/** Every tile there is. Sizes are powers of two, and steps of at least a vector for each slice. */
export const productTiles: ReadonlyMap<string, ProductTile> = new Map(
  [
    '64x64x32 8x4',
    '64x64x32 4x4',
    '64x64x16 8x4',
    '64x64x16 4x4',
    '32x64x32 4x4 s2',
    '32x64x32 4x4',
    '64x32x32 4x4 s2',
    '32x32x64 4x4 s4',
    '32x32x64 8x4 s4',
    '32x32x32 4x4 s2',
    '32x32x16 4x4',
    '16x64x32 4x4 s2',
    '16x64x16 4x4',
    '16x32x64 4x4 s4',
    '16x32x32 4x4 s4',
    '16x16x64 4x4 s8',
  ].map((name) => [name, tileNamed(name)]),
);

/** Workgroups of tiles of `rows × columns`. */
function workgroups(shape: ProductShape, rows: number, columns: number): number {
  return shape.batch * Math.ceil(shape.rows / rows) * Math.ceil(shape.columns / columns);
}

/** Terms of a sum. */
const termsOf = ({ depth, taps }: ProductShape): number => depth * taps;

/** A range that a number must be in; a missing end is none. */
interface Range {
  readonly min?: number;
  readonly max?: number;
}

/**
 * A row of the table. `tiles` counts workgroups of that size on a device that
 * {@link REFERENCE_WORKGROUPS} keep busy; on others it is scaled.
 */
interface ProductRule {
  readonly tiles?: { readonly of: readonly [rows: number, columns: number] } & Range;
  readonly terms?: Range;
  /** Names of tiles; the first that the device has registers, invocations and memory for is taken. */
  readonly choose: readonly string[];
  /** Workgroups that share a sum: so that there are `workgroups`, each with so many terms at least. */
  readonly split?: { readonly workgroups: number; readonly terms: number };
}

/** `KernelTarget.busyWorkgroups` of the device that the table was measured on, an NVIDIA H200. */
const REFERENCE_WORKGROUPS = 256;

/** More parts of a sum than this cost more to add up than they win. */
const MAX_PARTS = 8;

/** The first row that fits is taken; the others are candidates for tuning, in this order. */
const rules: readonly ProductRule[] = [
  // So many that short steps keep more workgroups at work than long ones save barriers.
  {
    tiles: { of: [64, 64], min: 768 },
    choose: ['64x64x16 8x4', '64x64x32 4x4'],
  },
  // Enough large tiles for the whole device: least to load for each product.
  {
    tiles: { of: [64, 64], min: 256 },
    terms: { min: 65 },
    choose: ['64x64x32 8x4', '64x64x32 4x4'],
  },
  { tiles: { of: [64, 64], min: 256 }, choose: ['64x64x16 8x4', '64x64x16 4x4'] },
  // Hardly any sum: what counts is that all invocations store.
  { tiles: { of: [32, 32], min: 320 }, terms: { max: 48 }, choose: ['32x32x16 4x4'] },
  // Short sums end before slices pay for being added up.
  {
    tiles: { of: [32, 64], min: 256 },
    terms: { max: 320 },
    choose: ['32x64x32 4x4 s2', '32x64x32 4x4'],
  },
  // The same where there are no more than 32 columns.
  { tiles: { of: [64, 32], min: 256 }, terms: { max: 320 }, choose: ['64x32x32 4x4 s2'] },
  { tiles: { of: [32, 32], min: 320 }, terms: { max: 160 }, choose: ['16x64x32 4x4 s2'] },
  // With few terms for each slice, two of them are enough.
  { tiles: { of: [32, 32], min: 320 }, terms: { max: 320 }, choose: ['32x32x32 4x4 s2'] },
  { tiles: { of: [32, 32], min: 256 }, choose: ['32x32x64 8x4 s4', '32x32x64 4x4 s4'] },
  // Very long sums of few outputs, and long ones of a few rows: several workgroups share each, which is
  // worth the dispatch that adds them up.
  {
    tiles: { of: [32, 32], max: 250 },
    terms: { min: 4000 },
    choose: ['32x32x32 4x4 s2'],
    split: { workgroups: 1024, terms: 112 },
  },
  {
    tiles: { of: [32, 1 << 16], max: 1 },
    terms: { min: 900 },
    choose: ['32x32x32 4x4 s2'],
    split: { workgroups: 1024, terms: 112 },
  },
  { tiles: { of: [16, 32], max: 63 }, choose: ['16x16x64 4x4 s8'] },
  { choose: ['16x32x64 4x4 s4', '16x32x32 4x4 s4'] },
];

/** A row for busy devices is passed over where less than this part of its tiles is inside the result. */
const MIN_USED = 0.7;

/** The part of all tiles that is inside the result. */
function usedPart(shape: ProductShape, { rows, columns }: ProductTile): number {
  const used = (size: number, tile: number): number => size / (Math.ceil(size / tile) * tile);
  return used(shape.rows, rows) * used(shape.columns, columns);
}

/** Bytes of workgroup memory of a tile: both operands, or the sums that slices leave there. */
export function tileBytes(tile: ProductTile, pair: boolean): number {
  const products = pair ? 2 : 1;
  const operands = tile.depth * (tile.rows + products * tile.columns);
  const sums = (tile.slices / 2) * tile.rows * tile.columns * products;
  return 4 * Math.max(operands, tile.slices > 1 ? sums : 0);
}

function fits(tile: ProductTile, { pair }: ProductShape, target: KernelTarget): boolean {
  return (
    tile.threadRows * tile.threadColumns <= target.maxAccumulators &&
    tile.invocations <= target.maxInvocations &&
    tileBytes(tile, pair) <= target.workgroupMemory
  );
}

/** A tile as `pair` needs it: two right operands in the memory of one, in shorter steps. */
function tileOf(name: string, { pair }: ProductShape): ProductTile {
  const tile = productTiles.get(name) as ProductTile;
  return pair ? { ...tile, depth: Math.max(tile.depth / 2, 4 * tile.slices) } : tile;
}

function isIn(value: number, { min = -Infinity, max = Infinity }: Range): boolean {
  return value >= min && value <= max;
}

/** How many workgroups are to share a sum. */
function partsOf(
  { split }: ProductRule,
  shape: ProductShape,
  { rows, columns }: ProductTile,
  scale: number,
): number {
  // A pair is combined where both sums are whole.
  if (!split || shape.pair) return 1;
  const wanted = Math.ceil((split.workgroups * scale) / workgroups(shape, rows, columns));
  return Math.max(1, Math.min(MAX_PARTS, wanted, Math.floor(termsOf(shape) / split.terms)));
}

/** Shapes whose ranking is remembered: it is asked for several times for a kernel. */
const MAX_RANKED = 256;

const ranked = new LruMap<string, readonly ProductChoice[]>({ entries: MAX_RANKED });

/** Every choice that is legal for a shape on a device, the one that the table picks first. */
export function rankProducts(shape: ProductShape, target: KernelTarget): readonly ProductChoice[] {
  const { batch, rows, columns, depth, taps, pair } = shape;
  const { busyWorkgroups, maxAccumulators, maxInvocations, workgroupMemory } = target;
  const sizes = [batch, rows, columns, depth, taps, pair];
  const key = [...sizes, busyWorkgroups, maxAccumulators, maxInvocations, workgroupMemory].join();
  let found = ranked.get(key);
  if (!found) ranked.set(key, (found = rank(shape, target)));
  return found;
}

function rank(shape: ProductShape, target: KernelTarget): ProductChoice[] {
  const scale = target.busyWorkgroups / REFERENCE_WORKGROUPS;
  const matches = ({ tiles, terms, choose }: ProductRule): boolean =>
    (!tiles?.min || usedPart(shape, tileOf(choose[0], shape)) >= MIN_USED) &&
    (!tiles || isIn(workgroups(shape, ...tiles.of) / scale, tiles)) &&
    (!terms || isIn(termsOf(shape), terms));
  const all: ProductRule[] = [...productTiles.keys()].map((name) => ({ choose: [name] }));
  const ordered = [
    ...rules.filter((rule) => matches(rule)),
    ...rules.filter((rule) => !matches(rule)),
    ...all,
  ];
  const choices = new Map<string, ProductChoice>();
  for (const rule of ordered) {
    const tile = rule.choose
      .map((name) => tileOf(name, shape))
      .find((candidate) => fits(candidate, shape, target));
    if (!tile) continue;
    const parts = partsOf(rule, shape, tile, scale);
    const name = parts > 1 ? `${tile.name} z${parts}` : tile.name;
    if (!choices.has(name)) choices.set(name, { name, tile, parts });
  }
  return [...choices.values()];
}

/** Below this many rows, a tile would be empty for the most part. */
const MIN_ROWS = 9;

/** The choice for a shape; null where a product is not to be tiled, or no tile fits the device. */
export function chooseProduct(shape: ProductShape, target: KernelTarget): ProductChoice | null {
  const { anySize } = target;
  // Of many sizes, those of a few rows are not worth shaders of their own.
  if (!target.stagesTiles || shape.rows < (anySize ? 2 : MIN_ROWS)) return null;
  const choices = rankProducts(anySize ? { ...shape, rows: roundSize(shape.rows) } : shape, target);
  if (choices.length === 0) return null;
  const { batch, rows, columns, depth, taps, pair } = shape;
  const sizes = { batch, rows, columns, depth, taps, products: pair ? 2 : 1 };
  return chooseCandidate(target, 'product', shapeClass(sizes), choices);
}
