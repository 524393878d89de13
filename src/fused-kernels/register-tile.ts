/**
 * Matrix products with a register tile per invocation and no workgroup memory: each invocation
 * computes `rows × columns` outputs, reading vec4s of both operands through the caches. Convolutions
 * are the same product with loops over the filter window around the loop over channels, so im2col
 * is an index map and never a buffer.
 */
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import type { KernelGroup } from '../ir/kernel-group';
import { rangesOf, type DepthRange } from './depth-range';
import { roundSize } from './candidates';
import type { KernelEmission } from './emit';
import type { KernelRequest, KernelTarget } from './kernel';
import { emitLoops, mayExceed, namedIndex } from './loops';
import { placeCondition, rightOperands, storeElement, type ProductSpec } from './product-spec';
import { recountSums } from './recount';
import { canMiss, laneVariable, type Operand } from './wgsl/inliner';
import { vectorType, type ShaderProgram } from './wgsl/kernel-writer';
import { LoopCounters } from './wgsl/loop-counters';

/** Register tile: rows, and column groups of `width` columns. */
interface Tile {
  readonly rows: number;
  readonly groups: number;
  readonly width: 1 | 4;
}

/** What a tile is chosen by. */
type TiledSizes = Pick<ProductSpec, 'batch' | 'rows' | 'columns' | 'pair'>;

/** The sizes that a tile is chosen by where those of `spec` are some of many. */
function sizesOfClass(
  { batch, rows, columns, pair }: ProductSpec,
  { busyInvocations }: KernelTarget,
): TiledSizes {
  // Any tile keeps the device busy that has a row for each invocation.
  const all = Math.min(busyInvocations, roundSize(batch * rows));
  // Columns keep whether they are whole vectors.
  return { batch: 1, rows: all, columns: columns < 8 ? columns : roundSize(columns), pair };
}

/**
 * Loads and stores behind a product that are written out for the elements of a tile, at most. A compiler takes more than
 * twice as long for twice as many: with 120, as an optimizer's update of weights has, a software driver took 16 s.
 */
const MAX_ACCESSES = 48;

/** Loads and stores behind a product, for each of its elements. */
function accessesBehind({ anchor, members, stores }: KernelGroup): number {
  const behind = members.slice(members.indexOf(anchor) + 1);
  const computed = new Set(members.flatMap(({ outputs }) => outputs));
  const loaded = new Set(behind.flatMap(({ inputs }) => inputs));
  return [...loaded].filter((value) => !computed.has(value)).length + stores.length;
}

/** The largest tile that wastes little and still gives the device enough invocations. */
function chooseTile(spec: ProductSpec, { target, group }: KernelRequest): Tile {
  const maxElements = Math.max(1, MAX_ACCESSES / accessesBehind(group));
  const sizes = target.anySize ? sizesOfClass(spec, target) : spec;
  const width = spec.columns % 4 === 0 ? 4 : 1;
  const [maxRows, maxColumns] = target.maxTile;
  const products = spec.pair ? 2 : 1;
  const maxGroups = Math.max(1, maxColumns / (width === 4 ? 4 : 2) / products);
  let best: Tile = { rows: 1, groups: 1, width };
  let bestCost = Infinity;
  for (let rows = 1; rows <= maxRows; rows *= 2) {
    for (let groups = 1; groups <= maxGroups; groups *= 2) {
      if (rows * groups > maxElements) continue;
      const cost = tileCost(sizes, { rows, groups, width }, target);
      if (cost < bestCost) {
        bestCost = cost;
        best = { rows, groups, width };
      }
    }
  }
  return best;
}

/** Loads per useful multiply-add, times what an underfilled device costs. */
function tileCost(spec: TiledSizes, tile: Tile, target: KernelTarget): number {
  const rowTiles = Math.ceil(spec.rows / tile.rows);
  const columnTiles = Math.ceil(spec.columns / (tile.groups * tile.width));
  const invocations = spec.batch * rowTiles * columnTiles;
  // One step of k: a quarter vec4 of A a row, one vector of B a group, a multiply-add each.
  const groups = tile.groups * (spec.pair ? 2 : 1);
  const step = tile.rows / 4 + groups + tile.rows * groups * 0.5;
  return step * Math.max(invocations, target.busyInvocations);
}

/** The indices that one invocation works on. */
interface TileIndices {
  readonly batch: IndexExpr;
  readonly rows: readonly IndexExpr[];
  readonly columns: readonly IndexExpr[];
  /** Row and vector of columns of any element of the tile, which may be beyond the last ones. */
  at(row: IndexExpr, group: IndexExpr): { readonly row: IndexExpr; readonly vector: IndexExpr };
  /** Condition under which an element of the tile is inside the product; '' if it always is. */
  guard(row: number, group: number): string;
}

/** Writes the whole kernel. */
export function emitRegisterTiles(emission: KernelEmission, spec: ProductSpec): ShaderProgram {
  const { writer } = emission;
  const tile = chooseTile(spec, emission.request);
  const rowTiles = Math.ceil(spec.rows / tile.rows);
  const columnTiles = Math.ceil(spec.columns / (tile.groups * tile.width));
  const workgroups = writer.flatThread('thread', spec.batch * rowTiles * columnTiles);
  const indices = emitIndices(emission, spec, tile, rowTiles, columnTiles);

  const type = vectorType('float32', tile.width);
  const rights = rightOperands(spec);
  for (const { name } of rights) {
    for (const [i, j] of elementsOf(tile)) {
      writer.statement(`var ${name}${i}_${j} = ${type}(0.0);`);
    }
  }
  emitLoops(emission, spec.window, (window) => {
    const sum = (): void => emitSums(emission, spec, tile, indices, window);
    const isRead = spec.skipsTaps ? readCondition(emission, spec, indices, window) : null;
    if (isRead === null) sum();
    else writer.block(`if (${isRead})`, sum);
  });
  recountSums(emission, spec, {
    batch: indices.batch,
    names: rights.flatMap(({ name }) => elementsOf(tile).map(([i, j]) => `${name}${i}_${j}`)),
    width: tile.width,
    at: (item) => indices.at(ix.mod(item, tile.rows), ix.floorDiv(item, tile.rows)),
  });
  for (const [i, j] of elementsOf(tile)) {
    const at = [indices.batch, indices.rows[i], indices.columns[j]] as const;
    const sums = rights.map(({ name }): Operand => ({
      code: `${name}${i}_${j}`,
      width: tile.width,
      dtype: 'float32',
      depth: 0,
    }));
    const store = (): void => storeElement(emission, spec, at, sums, `${i}_${j}`);
    const guard = indices.guard(i, j);
    if (guard === '') store();
    else writer.block(`if (${guard})`, store);
  }
  return writer.finish(emission.title, workgroups);
}

/** The loop over k where what it repeats is computed in front of it. */
function countSteps({ writer, inliner }: KernelEmission, limit: string, step: () => void): void {
  writer.block('', () => {
    const counters = new LoopCounters(writer, inliner);
    counters.count('k', '0', 1, Infinity);
    writer.block(`while (k < ${limit})`, () => {
      inliner.loop = counters;
      step();
      counters.update();
      inliner.loop = null;
    });
  });
}

/** Elements of a tile, a column group after the other: their operands along columns are shared. */
function elementsOf({ rows, groups }: Tile): [row: number, group: number][] {
  return Array.from({ length: rows * groups }, (_, item) => [item % rows, Math.floor(item / rows)]);
}

function emitIndices(
  emission: KernelEmission,
  spec: ProductSpec,
  { rows, groups, width }: Tile,
  rowTiles: number,
  columnTiles: number,
): TileIndices {
  const { writer, inliner } = emission;
  const shape = [spec.batch, rowTiles, columnTiles];
  const thread = ix.variable('thread', spec.batch * rowTiles * columnTiles);
  const [batchIndex, rowTile, columnTile] = ix.delinearize(thread, shape);
  const vectors = Math.ceil(spec.columns / width);
  const at = (row: IndexExpr, group: IndexExpr): ReturnType<TileIndices['at']> => ({
    row: ix.add(ix.scale(rowTile, rows), row),
    vector: ix.add(ix.scale(columnTile, groups), group),
  });
  const rowAt = (i: number): IndexExpr => at(ix.constant(i), ix.zero).row;
  const columnAt = (j: number): IndexExpr => at(ix.zero, ix.constant(j)).vector;
  const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  const batch = namedIndex(emission, 'batch', batchIndex, spec.batch);
  const rowIndices = range(rows).map((i) => namedIndex(emission, `row${i}`, rowAt(i), spec.rows));
  return {
    batch,
    at,
    rows: rowIndices,
    columns: range(groups).map((j) => {
      const vector = namedIndex(emission, `column${j}`, columnAt(j), vectors);
      return width === 4 ? ix.add(ix.scale(vector, 4), laneVariable) : vector;
    }),
    guard: (i, j) => {
      const guards = [placeCondition(emission, spec, batch, rowIndices[i])];
      if (i > 0 && mayExceed(writer, rowAt(i), spec.rows)) {
        guards.push(`${inliner.index(rowAt(i))} < ${writer.dim('rows', spec.rows)}`);
      }
      if (j > 0 && mayExceed(writer, columnAt(j), vectors)) {
        guards.push(`${inliner.index(columnAt(j))} < ${writer.dim('columns', vectors)}`);
      }
      return guards.filter((condition) => condition !== '').join(' && ');
    },
  };
}

/** Condition under which a tap counts for some row of the tile; null if it does for all. */
function readCondition(
  { writer, inliner }: KernelEmission,
  spec: ProductSpec,
  { batch, rows, columns }: TileIndices,
  window: readonly IndexExpr[],
): string | null {
  const conditions = rows.map((row) => {
    const bounds = (spec.counts?.(batch, row, window, columns[0]) ?? []).filter((bound) =>
      canMiss(bound, writer),
    );
    return bounds.length === 0 ? null : inliner.condition(bounds);
  });
  const tests = conditions.map((one) => one && writer.let(one.code, one.depth, 'counts'));
  return tests.includes(null) ? null : tests.join(' || ');
}

/** The loops over `k` of one position of the window. */
function emitSums(
  emission: KernelEmission,
  spec: ProductSpec,
  tile: Tile,
  indices: TileIndices,
  window: readonly IndexExpr[],
): void {
  const { writer } = emission;
  rangesOf(spec).forEach((span, part) => {
    const steps = span.depth % 4 === 0 ? span.depth / 4 : span.depth;
    const limit = writer.dim(part === 0 ? 'depth' : `depth${part}`, steps);
    const step = (): void => emitStep(emission, spec, tile, indices, window, span);
    if (emission.request.target.countsIndices) {
      countSteps(emission, limit, step);
      return;
    }
    writer.block(`for (var k = 0; k < ${limit}; k++)`, () => {
      writer.defineVariable('k');
      step();
    });
  });
}

/** One step of a loop over `k`: one element of every row of A, or four where depth allows. */
function emitStep(
  emission: KernelEmission,
  spec: ProductSpec,
  { rows, groups, width }: Tile,
  indices: TileIndices,
  window: readonly IndexExpr[],
  { begin, depth }: DepthRange,
): void {
  const { writer, inliner } = emission;
  const packed = depth % 4 === 0;
  const k = ix.variable('k', packed ? depth / 4 : depth);
  const first = ix.shift(packed ? ix.scale(k, 4) : k, begin);
  const at = packed ? ix.add(first, laneVariable) : first;
  const a = indices.rows.map((row) => spec.a(indices.batch, row, window, at));
  for (let step = 0; step < (packed ? 4 : 1); step++) {
    const single = ix.shift(first, step);
    for (let j = 0; j < groups; j++) {
      for (const { name, load } of rightOperands(spec)) {
        const b = inliner.widen(load(indices.batch, window, single, indices.columns[j]), width);
        for (let i = 0; i < rows; i++) {
          const factor = a[i].width === 4 ? `${a[i].code}[${step}]` : a[i].code;
          writer.statement(`${name}${i}_${j} += ${factor} * ${b};`);
        }
      }
    }
  }
}
