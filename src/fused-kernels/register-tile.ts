/**
 * Matrix products with a register tile per invocation and no workgroup memory: each invocation
 * computes `rows × columns` outputs, reading vec4s of both operands through the caches. Convolutions
 * are the same product with loops over the filter window around the loop over channels, so im2col
 * is an index map and never a buffer.
 */
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import type { KernelEmission } from './emit';
import type { KernelTarget } from './kernel';
import { laneVariable, type Operand } from './wgsl/inliner';
import { vectorType, type ShaderProgram } from './wgsl/kernel-writer';

/** One product `C[batch, row, column] = Σ A[batch, row, …window, k] · B[batch, …window, k, column]`. */
export interface ProductSpec {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** Extents of loops around the loop over `k`, such as filter height and width. */
  readonly window: readonly { readonly name: string; readonly extent: number }[];
  a(batch: IndexExpr, row: IndexExpr, window: readonly IndexExpr[], k: IndexExpr): Operand;
  b(batch: IndexExpr, window: readonly IndexExpr[], k: IndexExpr, column: IndexExpr): Operand;
  output(batch: IndexExpr, row: IndexExpr, column: IndexExpr): IndexExpr[];
}

/** Register tile: rows, and column groups of `width` columns. */
interface Tile {
  readonly rows: number;
  readonly groups: number;
  readonly width: 1 | 4;
}

/** The largest tile that wastes little and still gives the device enough invocations. */
export function chooseTile(spec: ProductSpec, target: KernelTarget): Tile {
  const width = spec.columns % 4 === 0 ? 4 : 1;
  const [maxRows, maxColumns] = target.maxTile;
  const maxGroups = Math.max(1, maxColumns / (width === 4 ? 4 : 2));
  let best: Tile = { rows: 1, groups: 1, width };
  let bestCost = Infinity;
  for (let rows = 1; rows <= maxRows; rows *= 2) {
    for (let groups = 1; groups <= maxGroups; groups *= 2) {
      const cost = tileCost(spec, { rows, groups, width }, target);
      if (cost < bestCost) {
        bestCost = cost;
        best = { rows, groups, width };
      }
    }
  }
  return best;
}

/** Loads per useful multiply-add, times what an underfilled device costs. */
function tileCost(spec: ProductSpec, tile: Tile, target: KernelTarget): number {
  const rowTiles = Math.ceil(spec.rows / tile.rows);
  const columnTiles = Math.ceil(spec.columns / (tile.groups * tile.width));
  const invocations = spec.batch * rowTiles * columnTiles;
  // One step of k: a quarter vec4 of A a row, one vector of B a group, a multiply-add each.
  const step = tile.rows / 4 + tile.groups + tile.rows * tile.groups * 0.5;
  return step * Math.max(invocations, target.busyInvocations);
}

/** Writes the whole kernel. */
export function emitProduct(emission: KernelEmission, spec: ProductSpec): ShaderProgram {
  const { writer, inliner } = emission;
  const tile = chooseTile(spec, emission.request.target);
  const { rows, groups, width } = tile;
  const rowTiles = Math.ceil(spec.rows / rows);
  const columnTiles = Math.ceil(spec.columns / (groups * width));
  const workgroups = writer.flatThread('thread', spec.batch * rowTiles * columnTiles);

  const thread = ix.variable('thread', spec.batch * rowTiles * columnTiles);
  const [batchIndex, rowTile, columnTile] = ix.delinearize(thread, [
    spec.batch,
    rowTiles,
    columnTiles,
  ]);
  const batch = namedIndex(emission, 'batch', batchIndex, spec.batch);
  const row = Array.from({ length: rows }, (_, i) => {
    const index = ix.shift(ix.scale(rowTile, rows), i);
    const clamp = index.max >= spec.rows ? spec.rows : null;
    return namedIndex(emission, `row${i}`, index, spec.rows, clamp);
  });
  const columnVectors = Math.ceil(spec.columns / width);
  const column = Array.from({ length: groups }, (_, j) => {
    const index = ix.shift(ix.scale(columnTile, groups), j);
    const clamp = index.max >= columnVectors ? columnVectors : null;
    const vector = namedIndex(emission, `column${j}`, index, columnVectors, clamp);
    return width === 4 ? ix.add(ix.scale(vector, 4), laneVariable) : vector;
  });

  const accumulatorType = vectorType('float32', width);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < groups; j++) {
      writer.statement(`var acc${i}_${j} = ${accumulatorType}(0.0);`);
    }
  }
  emitLoops(emission, spec, (window) => {
    const packed = spec.depth % 4 === 0;
    writer.defineVariable('k');
    const k = ix.variable('k', packed ? spec.depth / 4 : spec.depth);
    const a = row.map((r) =>
      spec.a(batch, r, window, packed ? ix.add(ix.scale(k, 4), laneVariable) : k),
    );
    for (let step = 0; step < (packed ? 4 : 1); step++) {
      const at = packed ? ix.shift(ix.scale(k, 4), step) : k;
      for (let j = 0; j < groups; j++) {
        const b = inliner.widen(spec.b(batch, window, at, column[j]), width);
        for (let i = 0; i < rows; i++) {
          const factor = a[i].width === 4 ? `${a[i].code}[${step}]` : a[i].code;
          writer.statement(`acc${i}_${j} += ${factor} * ${b};`);
        }
      }
    }
  });
  for (let j = 0; j < groups; j++) {
    for (let i = 0; i < rows; i++) {
      const guards = [
        rowTiles * rows > spec.rows && i > 0
          ? `${inliner.index(ix.shift(ix.scale(rowTile, rows), i))} < ${writer.dim('rows', spec.rows)}`
          : '',
        columnTiles * groups > columnVectors && j > 0
          ? `${inliner.index(ix.shift(ix.scale(columnTile, groups), j))} < ${writer.dim('columns', columnVectors)}`
          : '',
      ].filter((guard) => guard !== '');
      const store = (): void => {
        emission.epilogue(
          spec.output(batch, row[i], column[j]),
          { code: `acc${i}_${j}`, width, dtype: 'float32', depth: 0 },
          width,
        );
      };
      if (guards.length > 0) writer.block(`if (${guards.join(' && ')})`, store);
      else store();
    }
  }
  return writer.finish(emission.title, workgroups);
}

/** Gives an index a name of its own, so that its text is not repeated in every offset. */
function namedIndex(
  emission: KernelEmission,
  name: string,
  index: IndexExpr,
  extent: number,
  clamp: number | null = null,
): IndexExpr {
  if (extent === 1) return ix.zero;
  const { writer, inliner } = emission;
  const code = inliner.index(index);
  const bounded = clamp === null ? code : `min(${code}, ${writer.integer(clamp - 1)})`;
  writer.statement(`let ${name} = ${bounded};`);
  writer.defineVariable(name);
  return ix.variable(name, extent);
}

function emitLoops(
  emission: KernelEmission,
  spec: ProductSpec,
  body: (window: readonly IndexExpr[]) => void,
): void {
  const { writer } = emission;
  const packed = spec.depth % 4 === 0;
  const open = (level: number, window: readonly IndexExpr[]): void => {
    if (level === spec.window.length) {
      const steps = writer.dim('depth', packed ? spec.depth / 4 : spec.depth);
      writer.block(`for (var k = 0; k < ${steps}; k++)`, () => body(window));
      return;
    }
    const { name, extent } = spec.window[level];
    if (extent === 1) {
      open(level + 1, [...window, ix.zero]);
      return;
    }
    writer.block(
      `for (var ${name} = 0; ${name} < ${writer.dim(`${name}Count`, extent)}; ${name}++)`,
      () => {
        writer.defineVariable(name);
        open(level + 1, [...window, ix.variable(name, extent)]);
      },
    );
  };
  open(0, []);
}
