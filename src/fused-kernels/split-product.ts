/**
 * Matrix products of a few rows: a workgroup shares the depth of some columns and joins its partial
 * sums in workgroup memory ("split k"). With one row, as a decoder has, a product is as many
 * invocations as the output has vectors, too few for a GPU; this makes eight of each.
 */
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import { type KernelEmission, WORKGROUP_SIZE } from './emit';
import type { KernelTarget } from './kernel';
import { namedIndex } from './loops';
import { rightOperands, storeElement, type ProductSpec } from './product-spec';
import { ownerThreads } from './shared-output';
import { laneVariable, type Operand } from './wgsl/inliner';
import { vectorType, type ShaderProgram } from './wgsl/kernel-writer';

/** Column vectors a workgroup works on: neighbours, so that its loads are contiguous. */
const COLUMNS = 8;
const SPLITS = WORKGROUP_SIZE / COLUMNS;
const MAX_TILE_ROWS = 4;
/** Below this depth there is too little to share. */
const MIN_DEPTH = 128;

/** True if a product has so few rows that sharing its depth fills the device better. */
export function isSkinny(spec: ProductSpec, target: KernelTarget): boolean {
  const { batch, rows, columns, depth, window } = spec;
  return (
    window.length === 0 &&
    rows <= target.maxSplitRows &&
    depth >= MIN_DEPTH &&
    (batch * rows * columns) / 4 < target.busyInvocations
  );
}

/** Writes the whole kernel. */
export function emitSplitProduct(emission: KernelEmission, spec: ProductSpec): ShaderProgram {
  const { writer, inliner } = emission;
  const width = spec.columns % 4 === 0 ? 4 : 1;
  const vectors = spec.columns / width;
  const tileRows = Math.min(spec.rows, MAX_TILE_ROWS);
  const shape = [spec.batch, Math.ceil(spec.rows / tileRows), Math.ceil(vectors / COLUMNS)];
  const tiles = shape.reduce((product, dim) => product * dim, 1);
  const threads = ownerThreads(emission, tiles, true, 'tile');
  const [batchIndex, rowTile, columnTile] = ix.delinearize(ix.variable('tile', tiles), shape);
  const batch = namedIndex(emission, 'batch', batchIndex, spec.batch);
  writer.statement('let thread = i32(local.x);');
  writer.defineVariable('thread');
  const thread = ix.variable('thread', WORKGROUP_SIZE);
  const inTile = ix.mod(thread, COLUMNS);
  const columnAt = ix.add(ix.scale(columnTile, COLUMNS), inTile);
  const vector = namedIndex(emission, 'column', columnAt, vectors);
  const column = width === 4 ? ix.add(ix.scale(vector, 4), laneVariable) : vector;

  const type = vectorType('float32', width);
  const rights = rightOperands(spec);
  const rows = Array.from({ length: tileRows }, (_, i) => {
    const index = ix.shift(ix.scale(rowTile, tileRows), i);
    for (const { name } of rights) writer.statement(`var ${name}${i} = ${type}(0.0);`);
    return namedIndex(emission, `row${i}`, index, spec.rows);
  });
  const packed = spec.depth % 4 === 0;
  const steps = packed ? spec.depth / 4 : spec.depth;
  const header = `for (var k = thread / ${COLUMNS}; k < ${writer.dim('depth', steps)}; k += ${SPLITS})`;
  writer.block(header, () => {
    writer.defineVariable('k');
    const k = ix.variable('k', steps);
    const at = packed ? ix.add(ix.scale(k, 4), laneVariable) : k;
    const a = rows.map((row) => spec.a(batch, row, [], at));
    for (let step = 0; step < (packed ? 4 : 1); step++) {
      const depth = packed ? ix.shift(ix.scale(k, 4), step) : k;
      for (const { name, load } of rights) {
        const b = inliner.widen(load(batch, [], depth, column), width);
        a.forEach(({ code, width: lanes }, i) => {
          writer.statement(`${name}${i} += ${lanes === 4 ? `${code}[${step}]` : code} * ${b};`);
        });
      }
    }
  });

  const slots = WORKGROUP_SIZE * tileRows;
  writer.declare(`var<workgroup> partial: array<${type}, ${slots * rights.length}>;`);
  rights.forEach(({ name }, r) => {
    rows.forEach((_, i) => {
      writer.statement(`partial[thread + ${r * slots + i * WORKGROUP_SIZE}] = ${name}${i};`);
    });
  });
  writer.statement('workgroupBarrier();');
  const guards = [
    `thread < ${COLUMNS * tileRows}`,
    ...insideOf(emission, columnAt, vectors, 'columns'),
    ...insideOf(emission, outputRow(rowTile, tileRows, thread), spec.rows, 'rows'),
  ];
  writer.block(`if (${guards.join(' && ')})`, () => {
    const row = namedIndex(emission, 'row', outputRow(rowTile, tileRows, thread), spec.rows);
    const sums = rights.map((_, r): Operand => {
      const code = r === 0 ? 'sum' : `sum${r}`;
      writer.statement(`var ${code} = ${type}(0.0);`);
      return { code, width, dtype: 'float32', depth: writer.depth };
    });
    writer.block(`for (var i = 0; i < ${SPLITS}; i++)`, () => {
      const from = `(thread / ${COLUMNS}) * ${WORKGROUP_SIZE} + i * ${COLUMNS} + thread % ${COLUMNS}`;
      sums.forEach(({ code }, r) => {
        writer.statement(`${code} += partial[${r === 0 ? '' : `${r * slots} + `}${from}];`);
      });
    });
    storeElement(emission, spec, [batch, row, column], sums, '');
  });
  return writer.finish(emission.title, threads.workgroups, threads.parameters);
}

/** The row whose sum an invocation joins. */
function outputRow(rowTile: IndexExpr, tileRows: number, thread: IndexExpr): IndexExpr {
  // Only the first COLUMNS · tileRows invocations get here.
  return tileRows === 1
    ? rowTile
    : ix.add(ix.scale(rowTile, tileRows), ix.floorDiv(thread, COLUMNS));
}

function insideOf(
  { writer, inliner }: KernelEmission,
  index: IndexExpr,
  extent: number,
  name: string,
): string[] {
  return index.max < extent ? [] : [`${inliner.index(index)} < ${writer.dim(name, extent)}`];
}
