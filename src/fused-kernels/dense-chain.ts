/**
 * Several dense layers in one dispatch. A workgroup owns a few rows and takes them through all
 * layers; between two layers they are in workgroup memory, in two arrays that take turns. Its
 * invocations share the columns of a layer and, where those are fewer, the depth as well ("split
 * k"). Weights are streamed from memory by every workgroup: for small layers only, which is what
 * the rule `dense-chain` sees to. Müller et al., "Real-time Neural Radiance Caching for Path
 * Tracing" (2021), keep hidden layers on chip in this way.
 */
import type { Expr } from '../ir/expression';
import type { Node, Value } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import type { KernelEmission } from './emit';
import { emitKernel, WORKGROUP_SIZE } from './emit';
import { emitExpression } from './expression';
import type { FusedKernel, KernelTarget } from './kernel';
import { mayExceed, namedIndex } from './loops';
import { numberTiles, ownerThreads } from './shared-output';
import { broadcastCoords, laneVariable, type Operand } from './wgsl/inliner';
import { vectorType, type ShaderProgram } from './wgsl/kernel-writer';

/** What every device has (WebGPU, section "Limits"). */
const MAX_INVOCATIONS = 256;
const MAX_MEMORY = 16384;
/**
 * Lengths of arrays are part of a shader's text. Rounded up to powers of two, from this on, chains of
 * many widths are one pipeline.
 */
const MIN_LENGTH = 64;
/** What some tiles of one of many sizes are taken for: rules leave more than a few rows apart. */
const SOME_TILES = 4;
/** Steps along the depth below which an invocation does not share them with others. */
const MIN_STEPS = 4;

/** One of the two arrays that rows are in between layers. */
interface RowStore {
  readonly name: string;
  readonly lanes: 1 | 4;
  /** Elements of its longest row. */
  readonly longest: number;
}

interface ChainLayer {
  readonly weights: Value;
  readonly from: RowStore;
  /** Null for the last layer, whose rows are stored by the epilogue. */
  readonly to: RowStore | null;
  readonly columns: number;
  readonly width: 1 | 4;
  readonly vectors: number;
  /** Steps along the depth. */
  readonly steps: number;
}

const activationsOf = (node: Node): readonly Expr[] => node.attrs.activations as readonly Expr[];

function layersOf(node: Node): { stores: readonly RowStore[]; layers: readonly ChainLayer[] } {
  const weights = node.inputs.slice(1, activationsOf(node).length + 2);
  const widths = [node.inputs[0], ...weights].map(({ shape }) => shape[1]);
  const stores = ['even', 'odd'].map((name, parity): RowStore => {
    const stored = widths.slice(0, -1).filter((_, i) => i % 2 === parity);
    const lanes = stored.every((width) => width % 4 === 0) ? 4 : 1;
    return { name, lanes, longest: Math.max(...stored) };
  });
  const layers = weights.map((value, i): ChainLayer => {
    const columns = widths[i + 1];
    const from = stores[i % 2];
    const to = i + 1 < weights.length ? stores[(i + 1) % 2] : null;
    const width = to ? to.lanes : columns % 4 === 0 ? 4 : 1;
    const steps = widths[i] / from.lanes;
    return { weights: value, from, to, columns, width, vectors: columns / width, steps };
  });
  return { stores, layers };
}

/** Invocations of a workgroup: one a vector of columns at least, and enough to keep the device busy. */
function countInvocations(node: Node, target: KernelTarget): number {
  const all = Math.ceil(node.inputs[0].shape[0] / target.maxTile[0]);
  const tiles = target.anySize ? SOME_TILES : all;
  const vectors = layersOf(node).layers.map((layer) => layer.vectors);
  const wanted = Math.max(target.busyInvocations / tiles, ...vectors);
  let count = WORKGROUP_SIZE;
  while (count < wanted && count < MAX_INVOCATIONS) count *= 2;
  return count;
}

/** Length of the array that holds a tile of rows, in vectors. */
function storeLength({ longest, lanes }: RowStore, tileRows: number): number {
  const needed = (tileRows * longest) / lanes;
  return Math.max(MIN_LENGTH, 2 ** Math.ceil(Math.log2(needed)));
}

function emitDenseChain(emission: KernelEmission): ShaderProgram {
  const { writer, inliner, request } = emission;
  const { anchor } = request.group;
  const [x] = anchor.inputs;
  const [rows] = x.shape;
  const { stores, layers } = layersOf(anchor);
  const activations = activationsOf(anchor);
  const operands = anchor.inputs.slice(activations.length + 2);
  const invocations = writer.options.workgroupSize;
  const splitsOf = ({ vectors, steps }: ChainLayer): number =>
    Math.max(1, Math.min(Math.floor(invocations / vectors), Math.floor(steps / MIN_STEPS)));
  const partials = rows === 1 || layers.some((layer) => splitsOf(layer) > 1) ? invocations : 0;
  const bytesOf = (store: RowStore, count: number): number =>
    4 * store.lanes * storeLength(store, count);
  const fits = (count: number): boolean =>
    bytesOf(stores[0], count) + bytesOf(stores[1], count) + 16 * partials <= MAX_MEMORY;
  const [maxRows] = request.target.maxTile;
  // Where sizes vary, a tile may have more rows than there are: they are computed again, and not stored.
  let tileRows = writer.options.anySize && rows > 1 ? maxRows : Math.min(rows, maxRows);
  while (tileRows > 1 && !fits(tileRows)) tileRows >>= 1;

  for (const store of stores) {
    const type = vectorType('float32', store.lanes);
    writer.declare(
      `var<workgroup> ${store.name}: array<${type}, ${storeLength(store, tileRows)}>;`,
    );
  }
  if (partials > 0) writer.declare(`var<workgroup> partial: array<vec4<f32>, ${partials}>;`);

  const { counts, total } = numberTiles(emission, [Math.ceil(rows / tileRows)], 0);
  const [tiles] = counts;
  const { workgroups, parameters } = ownerThreads(emission, total, true, 'tile');
  writer.statement('let thread = i32(local.x);');
  writer.defineVariable('thread');
  const firstRow = ix.scale(ix.variable('tile', tiles), tileRows);
  const tile = Array.from({ length: tileRows }, (_, row) => {
    const index = ix.shift(firstRow, row);
    // Every tile has a first row, also where tiles are numbered as if there were two of them.
    const extent = row === 0 ? Math.max(rows, index.max + 1) : rows;
    return { index, coord: namedIndex(emission, `row${row}`, index, extent), row };
  });
  const barrier = (): void => writer.statement('workgroupBarrier();');

  /** Copies the rows of this workgroup, or computes them, into the first store. */
  const loadRows = ({ from, steps }: ChainLayer): void => {
    const count = tileRows * steps;
    const limit = writer.dim('elements', count);
    writer.block(`for (var e = thread; e < ${limit}; e += ${invocations})`, () => {
      writer.defineVariable('e');
      const [inTile, step] = ix.delinearize(ix.variable('e', count), [tileRows, steps]);
      const row = namedIndex(emission, 'row', ix.add(firstRow, inTile), rows);
      const element = inliner.value(x, [row, alongRow(step, from.lanes)]);
      writer.statement(`${from.name}[e] = ${inliner.widen(element, from.lanes)};`);
    });
    barrier();
  };

  const writeLayer = (layer: ChainLayer, i: number): void => {
    const { weights, from, to, columns, width, vectors, steps } = layer;
    const splits = splitsOf(layer);
    // One row pays a barrier for sharing its pipeline with layers that do split their depth.
    const isSplit = splits > 1 || rows === 1;
    const depth = writer.dim(`depth${i}`, steps);
    const owners = writer.dim(`vectors${i}`, vectors);
    const threadColumn = ix.mod(ix.variable('thread', invocations), vectors);
    const vector = namedIndex(emission, `column${i}`, threadColumn, vectors);
    const sums = tile.map(({ row }) => `sum${i}_${row}`);
    for (const sum of sums) writer.statement(`var ${sum} = ${vectorType('float32', width)}(0.0);`);

    // This invocation's share of its columns' sums. Where the shares of a column are one, they are a
    // uniform all the same.
    const sharers = isSplit ? writer.dim(`sharers${i}`, splits * vectors) : '';
    const start = isSplit ? `thread / ${owners}` : '0';
    const stride = isSplit ? `${sharers} / ${owners}` : '1';
    writer.block(`for (var k = ${start}; k < ${depth}; k += ${stride})`, () => {
      writer.defineVariable('k');
      for (const { row } of tile) {
        writer.statement(`let x${row} = ${from.name}[${rowOffset(row, depth)}k];`);
      }
      for (let step = 0; step < from.lanes; step++) {
        const at = ix.shift(ix.scale(ix.variable('k', steps), from.lanes), step);
        const b = inliner.widen(inliner.value(weights, [at, alongRow(vector, width)]), width);
        sums.forEach((sum, row) => {
          writer.statement(`${sum} += x${row}${from.lanes === 4 ? `[${step}]` : ''} * ${b};`);
        });
      }
    });

    /** What becomes of a row's sum: the activation and a store, or the epilogue. */
    const finishRow = ({ row, index, coord }: (typeof tile)[number]): void => {
      const at = [coord, alongRow(vector, width)];
      const sum: Operand = { code: sums[row], width, dtype: 'float32', depth: writer.depth };
      if (to) {
        const code = emitExpression(emission, activations[i], width, `a${i}_${row}_`, (slot) => {
          if (slot === 0) return sum;
          const operand = operands[slot - 1];
          return inliner.value(operand, broadcastCoords(at, [rows, columns], operand.shape));
        });
        const offset = rowOffset(row, writer.dim(`depth${i + 1}`, columns / to.lanes));
        writer.statement(`${to.name}[${offset}${inliner.index(vector)}] = ${code};`);
        return;
      }
      const store = (): void => emission.epilogue(at, sum, width);
      if (row === 0 || !mayExceed(writer, index, rows)) store();
      else writer.block(`if (${inliner.index(index)} < ${writer.dim('rows', rows)})`, store);
    };

    const owns = `if (thread < ${owners})`;
    if (!isSplit) writer.block(owns, () => tile.forEach(finishRow));
    else {
      const lane = width === 4 ? '' : '.x';
      for (const each of tile) {
        if (each.row > 0) barrier();
        const sum = sums[each.row];
        writer.statement(`partial[thread]${lane} = ${sum};`);
        barrier();
        writer.block(owns, () => {
          const others = `var p = thread + ${owners}; p < ${sharers}; p += ${owners}`;
          writer.block(`for (${others})`, () => {
            writer.statement(`${sum} += partial[p]${lane};`);
          });
          finishRow(each);
        });
      }
    }
    if (to) barrier();
  };

  loadRows(layers[0]);
  layers.forEach(writeLayer);
  return writer.finish(emission.title, workgroups, parameters);
}

/** An index along a row in elements, of which the lanes of a vector are neighbours. */
function alongRow(step: IndexExpr, lanes: 1 | 4): IndexExpr {
  return lanes === 4 ? ix.add(ix.scale(step, 4), laneVariable) : step;
}

function rowOffset(row: number, stride: string): string {
  if (row === 0) return '';
  return row === 1 ? `${stride} + ` : `${row} * ${stride} + `;
}

export const denseChainKernel: FusedKernel = {
  name: 'dense-chain',
  anchors: ['DenseChain'],
  refuse: () => null,
  reuse: (node, index) =>
    index > 0 && index <= activationsOf(node).length + 1 ? node.inputs[0].shape[0] / 4 : 1,
  generate: (request) =>
    emitKernel(request, emitDenseChain, countInvocations(request.group.anchor, request.target)),
};
