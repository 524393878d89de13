/**
 * Convolutions of images of few channels, as the first of a network is. The filter of some output
 * channels is kept in workgroup memory. An invocation owns one vector of channels of a few
 * neighbouring pixels and reads the image from the buffer: what neighbours read is in the caches,
 * and a window of three channels is too shallow to be worth staging.
 */
import { sizeOf, type Node } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import type { KernelEmission } from './emit';
import type { KernelTarget } from './kernel';
import { assumedBatch, emitLoop, mayExceed, namedIndex } from './loops';
import type { ProductSpec } from './product-spec';
import { recountSums } from './recount';
import { numberTiles, ownerThreads } from './shared-output';
import { paddingBefore, sourceCoord, windowAttrs } from './window-coords';
import { canMiss, laneVariable, type Operand } from './wgsl/inliner';
import { vectorType, type ShaderProgram } from './wgsl/kernel-writer';

/** From this many channels on, a product that stages tiles of the image does better. */
const MAX_CHANNELS = 7;
/** Invocations of a workgroup, and vectors of channels they share: measured for 3 channels in. */
const INVOCATIONS = 256;
const MAX_VECTORS = 8;
/** Neighbouring pixels of an invocation, which share each vector of the filter. */
const STRIP = 2;
/**
 * And where a window has at least so many elements and there are pixels enough: loads are what it
 * waits for, and of 7 × 7 × 3 elements four pixels two apart load 39 values a row for 336 products.
 */
const LONG_STRIP = 4;
const LONG_DEPTH = 64;
/** Bytes of workgroup memory that every device has (WebGPU, section "Limits"). */
const MAX_MEMORY = 16384;
/** Elements of a filter row that are written out; longer rows stay a loop over taps. */
const MAX_UNROLLED = 24;

/** How the pixels and channels of an output are divided. */
export interface DirectTile {
  /** Channels of a vector. */
  readonly lanes: 1 | 4;
  /** Pixels of a strip, which one invocation computes. */
  readonly strip: number;
  /** Vectors of channels of one workgroup. */
  readonly vectors: number;
  /** Workgroups side by side along the channels. */
  readonly groups: number;
  /** Strips of pixels of one workgroup, one for every `vectors` invocations. */
  readonly strips: number;
  /** Elements of the window: rows, columns and channels in. */
  readonly depth: number;
}

/** The tile of a convolution that is to be computed directly; null if it is not. */
export function chooseDirectTile(node: Node, target: KernelTarget): DirectTile | null {
  const [height, width, channels, columns] = node.inputs[1].shape;
  if (!target.stagesTiles || channels > MAX_CHANNELS) return null;
  const lanes = columns % 4 === 0 ? 4 : 1;
  const depth = height * width * channels;
  const memory = Math.min(MAX_MEMORY, target.workgroupMemory);
  const fitting = Math.floor(memory / (depth * lanes * 4));
  const most = Math.min(MAX_VECTORS, fitting);
  if (most === 0) return null;
  // As many to each workgroup, so that the last one has no idle invocations.
  const groups = Math.ceil(columns / lanes / most);
  const vectors = Math.ceil(columns / lanes / groups);
  const invocations = Math.min(INVOCATIONS, target.maxInvocations);
  const strips = Math.floor(invocations / vectors);
  const [batch, rows, rowLength] = node.outputs[0].shape;
  const workgroups = (batch * rows * Math.ceil(rowLength / LONG_STRIP) * groups) / strips;
  const isLong = depth >= LONG_DEPTH && workgroups >= target.busyWorkgroups / 2;
  return { lanes, strip: isLong ? LONG_STRIP : STRIP, vectors, groups, strips, depth };
}

/** Invocations of a workgroup. */
export const invocationsOf = ({ strips, vectors }: DirectTile): number => strips * vectors;

/** Writes the whole kernel. */
export function emitDirect(
  emission: KernelEmission,
  tile: DirectTile,
  spec: ProductSpec,
): ShaderProgram {
  const { writer, inliner, request } = emission;
  const { lanes, strip: length, vectors, groups, strips } = tile;
  const { anchor } = request.group;
  const [batch, height, width, channels] = anchor.outputs[0].shape;
  const filterShape = anchor.inputs[1].shape;
  const grid = [batch, height, Math.ceil(width / length)];
  const total = grid.reduce((product, dim) => product * dim, 1);
  const { counts: shape, total: tiles } = numberTiles(
    emission,
    [Math.ceil(total / strips), groups],
    0,
  );
  const type = vectorType('float32', lanes);
  // Nested, so that indices which are literals need no bounds check: WGSL checks all others.
  const nested = [vectors, filterShape[2], filterShape[1], filterShape[0]];
  const weights = nested.reduce((element, extent) => `array<${element}, ${extent}>`, type);
  writer.declare(`var<workgroup> weights: ${weights};`);
  const { workgroups, parameters } = ownerThreads(emission, tiles, true, 'tile');
  const [stripTile, group] = ix.delinearize(ix.variable('tile', shape[0] * groups), shape);
  writer.statement(`let inTile = i32(local.x) / ${vectors};`);
  writer.statement(`let vector = i32(local.x) % ${vectors};`);
  writer.defineVariable('inTile');
  writer.defineVariable('vector');
  const vector = ix.variable('vector', vectors);
  const columnAt = ix.add(ix.scale(group, vectors), vector);
  const column = namedIndex(emission, 'column', columnAt, channels / lanes);
  const channel = lanes === 4 ? ix.add(ix.scale(column, 4), laneVariable) : column;
  stageFilter(emission, tile, channel);

  const stripAt = ix.add(ix.scale(stripTile, strips), ix.variable('inTile', strips));
  const assumed = assumedBatch(emission, grid);
  const strip = namedIndex(emission, 'strip', stripAt, total, { atLeast: sizeOf(assumed) });
  const inGrid = ix.delinearize(strip, assumed);
  const [b, row, first] = ['batch', 'outRow', 'stripInRow'].map((name, axis) =>
    namedIndex(emission, name, inGrid[axis], grid[axis], { atLeast: assumed[axis] }),
  );
  const pixels = Array.from({ length }, (_, t) => ix.shift(ix.scale(first, length), t));
  pixels.forEach((_, t) => writer.statement(`var acc${t} = ${type}(0.0);`));
  emitWindow(emission, [b, row], pixels);
  recountSums(emission, spec, {
    batch: ix.zero,
    names: pixels.map((_, t) => `acc${t}`),
    width: lanes,
    at: (item) => {
      const pixel = ix.add(ix.scale(first, length), item);
      return { row: ix.linearize([b, row, pixel], [batch, height, width]), vector: column };
    },
  });

  const inside = (index: IndexExpr, extent: number, name: string): string[] =>
    mayExceed(writer, index, extent)
      ? [`${inliner.index(index)} < ${writer.dim(name, extent)}`]
      : [];
  const guarded = (conditions: readonly string[], body: () => void): void => {
    if (conditions.length === 0) body();
    else writer.block(`if (${conditions.join(' && ')})`, body);
  };
  const owned = [
    ...inside(stripAt, total, 'strips'),
    ...inside(columnAt, channels / lanes, 'columns'),
  ];
  guarded(owned, () =>
    pixels.forEach((pixel, t) =>
      guarded(inside(pixel, width, 'width'), () => {
        const sum: Operand = { code: `acc${t}`, width: lanes, dtype: 'float32', depth: 0 };
        emission.epilogue([b, row, pixel, channel], sum, lanes);
      }),
    ),
  );
  return writer.finish(emission.title, workgroups, parameters);
}

/** Fills workgroup memory with the filter of this workgroup's channels. */
function stageFilter(
  { writer, inliner, request }: KernelEmission,
  { lanes, strips, depth }: DirectTile,
  channel: IndexExpr,
): void {
  const [, filter] = request.group.anchor.inputs;
  const [, columns, channels] = filter.shape;
  writer.block(`for (var k = inTile; k < ${depth}; k += ${strips})`, () => {
    writer.defineVariable('k');
    const at = ix.delinearize(ix.variable('k', depth), filter.shape.slice(0, 3));
    const weight = inliner.widen(inliner.value(filter, [...at, channel]), lanes);
    const place = [`k / ${columns * channels}`, `k / ${channels} % ${columns}`, `k % ${channels}`];
    writer.statement(`weights[${place.join('][')}][vector] = ${weight};`);
  });
  writer.statement('workgroupBarrier();');
}

/** Takes the whole window of every pixel into its accumulator. */
function emitWindow(
  emission: KernelEmission,
  [batch, row]: readonly IndexExpr[],
  pixels: readonly IndexExpr[],
): void {
  const { writer, inliner, request } = emission;
  const [x, filter] = request.group.anchor.inputs;
  const [filterHeight, filterWidth, channels] = filter.shape;
  const { strides, dilations } = windowAttrs(request.group.anchor);
  const before = paddingBefore(writer, request.group.anchor);
  const literal = (index: IndexExpr): string =>
    ix.isConstant(index) ? String(index.offset) : inliner.index(index);
  const takeTap = (tapRow: IndexExpr, inRow: IndexExpr, tapColumn: IndexExpr): void => {
    const image = pixels.map((pixel) => {
      const inColumn = sourceCoord(pixel, tapColumn, strides[1], dilations[1], before[1]);
      return loadChannels(emission, [batch, inRow, inColumn]);
    });
    for (let c = 0; c < channels; c++) {
      const place = [tapRow, tapColumn, ix.constant(c)].map(literal).join('][');
      const weight = writer.let(`weights[${place}][vector]`, writer.depth);
      image.forEach((values, t) => writer.statement(`acc${t} += ${values[c]} * ${weight};`));
    }
  };
  emitLoop(emission, 'filterRow', filterHeight, (tapRow) => {
    const inRow = sourceCoord(row, tapRow, strides[0], dilations[0], before[0]);
    const takeRow = (): void => {
      if (filterWidth * channels > MAX_UNROLLED) {
        emitLoop(emission, 'filterColumn', filterWidth, (tap) => takeTap(tapRow, inRow, tap));
        return;
      }
      for (let tap = 0; tap < filterWidth; tap++) takeTap(tapRow, inRow, ix.constant(tap));
    };
    // Neighbouring pixels are of one row, so that a row of taps is outside of the image for all.
    const bounds = [{ coord: inRow, extent: x.shape[1] }].filter((bound) => canMiss(bound, writer));
    if (bounds.length === 0) takeRow();
    else writer.block(`if (${inliner.condition(bounds).code})`, takeRow);
  });
}

/** Texts of the channels of one pixel of a row of the image, 0 beyond its ends. */
function loadChannels(
  { inliner, writer, request }: KernelEmission,
  at: readonly IndexExpr[],
): string[] {
  const [x] = request.group.anchor.inputs;
  const channels = x.shape[3];
  const bounds = [{ coord: at[2], extent: x.shape[2] }].filter((bound) => canMiss(bound, writer));
  const inside =
    bounds.length > 0 ? writer.let(inliner.condition(bounds).code, writer.depth) : null;
  const load = (channel: IndexExpr): Operand => {
    const value = inliner.value(x, [...at, channel]);
    if (inside === null) return value;
    const zero = inliner.widen({ ...value, code: '0.0', width: 1 }, value.width);
    const code = `select(${zero}, ${value.code}, ${inside})`;
    return inliner.define(code, value.width, 'float32', writer.depth);
  };
  if (channels !== 4) {
    return Array.from({ length: channels }, (_, c) => load(ix.constant(c)).code);
  }
  const { code, width } = load(laneVariable);
  return [0, 1, 2, 3].map((c) => (width === 4 ? `${code}[${c}]` : code));
}
