/**
 * A depthwise separable block in one dispatch: a depthwise convolution, what follows it element by
 * element, and a pointwise convolution (Howard et al., "MobileNets", 2017). A workgroup owns some
 * pixels of the output. It computes their hidden channels, all of them, into workgroup memory and
 * multiplies them by the weights from there, so that the hidden image is neither written nor read.
 * No hidden channel is computed twice, and every weight is read once for each few pixels, as by a
 * convolution of its own.
 */
import type { Expr } from '../ir/expression';
import { sizeOf } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import { depthwiseWindow } from './depthwise';
import { chooseBlockTile, pixelsOf, type BlockTile } from './depthwise-pointwise-tile';
import { emitKernel, type KernelEmission } from './emit';
import { emitExpression } from './expression';
import type { FusedKernel } from './kernel';
import { assumedBatch, mayExceed, namedIndex } from './loops';
import { ownerThreads } from './shared-output';
import { emitTaps } from './window';
import { filterFacts } from './window-coords';
import { broadcastCoords, laneVariable, type Operand } from './wgsl/inliner';
import { vectorType, type ShaderProgram } from './wgsl/kernel-writer';

/** A block being written. */
interface BlockEmission {
  readonly emission: KernelEmission;
  readonly tile: BlockTile;
  /** Output, its rows made of whole strips, without channels. */
  readonly grid: readonly number[];
}

const elementsOf = (vector: IndexExpr): IndexExpr => ix.add(ix.scale(vector, 4), laneVariable);

function emitBlock(emission: KernelEmission, tile: BlockTile): ShaderProgram {
  const { writer, request } = emission;
  const [batch, height] = request.group.anchor.outputs[0].shape;
  writer.declare(`var<workgroup> hidden: array<vec4<f32>, ${tile.length}>;`);
  const { workgroups, parameters } = ownerThreads(emission, tile.workgroups, true, 'tile');
  writer.statement('let thread = i32(local.x);');
  writer.defineVariable('thread');
  const block: BlockEmission = { emission, tile, grid: [batch, height, tile.strips * tile.strip] };
  // Written out, so that neither one strip nor one workgroup more or less makes another shader.
  const first =
    tile.workgroups > 1 || writer.options.anySize
      ? `tile * ${writer.uniform('tileStrips', tileStrips(tile))}`
      : '0';
  writer.statement(`let firstStrip = ${first};`);
  writer.defineVariable('firstStrip');
  emitHidden(block);
  writer.statement('workgroupBarrier();');
  emitPointwise(block);
  return writer.finish(emission.title, workgroups, parameters);
}

const tileStrips = ({ pixels, strip }: BlockTile): number => pixels / strip;

/** First strip of this workgroup, in the grid; the last workgroup may reach over its end. */
const firstStrip = ({ tile }: BlockEmission): IndexExpr =>
  ix.variable('firstStrip', tile.workgroups * tileStrips(tile) + 1);

/** Quotient and remainder of `index` by `columns`, named; one text for one row and for many. */
function divided(
  { emission: { writer }, tile }: BlockEmission,
  index: string,
  columns: number,
  [quotient, remainder]: readonly [string, string],
): readonly [row: IndexExpr, column: IndexExpr] {
  const by = writer.uniform(`${remainder}Count`, columns);
  writer.statement(`let ${quotient} = ${index} / ${by};`);
  writer.statement(`let ${remainder} = ${index} % ${by};`);
  writer.defineVariable(quotient);
  writer.defineVariable(remainder);
  return [ix.variable(quotient, tile.pixels + 1), ix.variable(remainder, columns)];
}

/** A loop over `count` pieces of work, in which the invocations of a workgroup take turns. */
function emitShared(
  { emission: { writer }, tile }: BlockEmission,
  name: string,
  count: number,
  body: () => void,
): void {
  const header = `var ${name} = thread; ${name} < ${writer.uniform(`${name}Count`, count)}`;
  writer.block(`for (${header}; ${name} += ${tile.invocations})`, body);
}

/** The hidden channels of all pixels of the workgroup, a vector of a strip at a time. */
function emitHidden(block: BlockEmission): void {
  const { emission, tile, grid } = block;
  const { writer, inliner, request } = emission;
  const { strip, strips, vectors } = tile;
  const { anchor } = request.group;
  const [, filter, weights, ...operands] = anchor.inputs;
  const [, , width] = anchor.outputs[0].shape;
  const shape = [pixelsOf(anchor), weights.shape[0]];
  const all = grid[0] * grid[1] * strips;
  const sizes = [grid[0], grid[1], strips];
  const assumed = assumedBatch(emission, sizes);
  const named = (name: string, index: IndexExpr, extent: number, atLeast: number): IndexExpr =>
    namedIndex(emission, name, index, extent, { scope: name, atLeast });
  emitShared(block, 'part', tileStrips(tile) * vectors, () => {
    const [inTile, vector] = divided(block, 'part', vectors, ['inTile', 'vector']);
    const at = named('strip', ix.add(firstStrip(block), inTile), all, sizeOf(assumed));
    const inGrid = ix.delinearize(at, assumed);
    const [batch, row, stripInRow] = ['batch', 'outRow', 'stripInRow'].map((name, i) =>
      named(name, inGrid[i], sizes[i], assumed[i]),
    );
    const columns = Array.from({ length: strip }, (_, t) =>
      ix.shift(ix.scale(stripInRow, strip), t),
    );
    const channel = elementsOf(vector);
    const multiplier = filter.shape[3];
    const indices = { batch, row, columns, channel, lanes: 4, multiplier } as const;
    emitTaps(emission, depthwiseWindow(emission, filter), indices);
    columns.forEach((column, t) => {
      const sum: Operand = { code: `acc${t}`, width: 4, dtype: 'float32', depth: writer.depth };
      const pixel = ix.linearize([batch, row, column], [grid[0], grid[1], width]);
      const activation = anchor.attrs.activation as Expr;
      const code = emitExpression(emission, activation, 4, `h${t}_`, (slot) => {
        if (slot === 0) return sum;
        const operand = operands[slot - 1];
        return inliner.value(operand, broadcastCoords([pixel, channel], shape, operand.shape));
      });
      const inMemory = ix.add(ix.scale(ix.shift(ix.scale(inTile, strip), t), vectors), vector);
      writer.statement(`hidden[${inliner.index(inMemory, 'hidden')}] = ${code};`);
    });
  });
}

/** The product of the hidden channels with the weights, and what follows it. */
function emitPointwise(block: BlockEmission): void {
  const { emission, tile, grid } = block;
  const { writer, inliner, request } = emission;
  const { strip, pixels, vectors, rows } = tile;
  const { anchor } = request.group;
  const [, , weights] = anchor.inputs;
  const [, , width, channels] = anchor.outputs[0].shape;
  const lanes = channels % 4 === 0 ? 4 : 1;
  const vectorsOut = channels / lanes;
  const all = grid[0] * grid[1] * grid[2];
  const assumed = assumedBatch(emission, grid);
  const ofPixels = { scope: 'pixels', atLeast: sizeOf(assumed) };
  emitShared(block, 'job', (pixels / rows) * vectorsOut, () => {
    const [rowTile, vector] = divided(block, 'job', vectorsOut, ['rowTile', 'column']);
    const inTile = ix.scale(rowTile, rows);
    const channel = lanes === 4 ? elementsOf(vector) : vector;
    const first = ix.add(ix.scale(firstStrip(block), strip), inTile);
    const tilePixels = Array.from({ length: rows }, (_, i) => {
      const index = ix.shift(first, i);
      writer.statement(`var sum${i} = ${vectorType('float32', lanes)}(0.0);`);
      return { index, pixel: namedIndex(emission, `pixel${i}`, index, all, ofPixels) };
    });
    writer.block(`for (var k = 0; k < ${writer.dim('depth', vectors)}; k++)`, () => {
      writer.defineVariable('k');
      const k = ix.variable('k', vectors);
      tilePixels.forEach((_, i) => {
        const at = ix.add(ix.scale(ix.shift(inTile, i), vectors), k);
        writer.statement(`let x${i} = hidden[${inliner.index(at, 'hidden')}];`);
      });
      for (let step = 0; step < 4; step++) {
        const weight = inliner.value(weights, [ix.shift(ix.scale(k, 4), step), channel]);
        const factor = inliner.widen(weight, lanes);
        tilePixels.forEach((_, i) => writer.statement(`sum${i} += x${i}[${step}] * ${factor};`));
      }
    });
    // Where rows are whole, a pixel is its own place in the output, which its coordinates would hide.
    const isWhole = grid[2] === width && !(writer.options.anySize && strip > 1);
    const coordsOf = (pixel: IndexExpr, i: number): IndexExpr[] =>
      ix.delinearize(pixel, assumed).map((coord, axis) => {
        if (isWhole) return coord;
        return namedIndex(
          emission,
          `${['batch', 'row', 'outColumn'][axis]}${i}`,
          coord,
          grid[axis],
          { scope: 'pixels', atLeast: assumed[axis] },
        );
      });
    const inside = (
      index: IndexExpr,
      extent: number,
      name: string,
      isNeeded = mayExceed(writer, index, extent),
    ): string[] =>
      isNeeded ? [`${inliner.index(index, name)} < ${writer.dim(name, extent)}`] : [];
    tilePixels.forEach(({ index, pixel }, i) => {
      const sum: Operand = { code: `sum${i}`, width: lanes, dtype: 'float32', depth: writer.depth };
      const [batch, row, outColumn] = coordsOf(pixel, i);
      const store = (): void => emission.epilogue([batch, row, outColumn, channel], sum, lanes);
      const guards = [
        ...inside(index, all, 'pixels'),
        ...inside(outColumn, width, 'width', !isWhole),
      ];
      if (guards.length === 0) store();
      else writer.block(`if (${guards.join(' && ')})`, store);
    });
  });
}

export const depthwisePointwiseKernel: FusedKernel = {
  name: 'depthwise-pointwise',
  anchors: ['DepthwisePointwise'],
  refuse: () => null,
  facts: filterFacts,
  reuse: (node, index) => {
    const [x, filter, weights] = node.inputs;
    const pixels = pixelsOf(node);
    if (index === 1) return pixels;
    if (index === 2) return pixels / 4;
    if (index > 2) return 1;
    const taps = filter.shape[0] * filter.shape[1] * weights.shape[0];
    // Neighbours in a strip share about half of their loads.
    return Math.max(1, (taps * pixels) / x.shape.reduce((size, dim) => size * dim, 1) / 2);
  },
  generate: (request) => {
    const tile = chooseBlockTile(request.group.anchor, request.target);
    return emitKernel(request, (emission) => emitBlock(emission, tile), tile.invocations);
  },
};
