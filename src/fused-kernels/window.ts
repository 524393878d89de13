/**
 * What depthwise convolution and pooling have in common, NHWC: every channel slides a window of its own. An invocation
 * computes several neighbouring outputs of a row for one vec4 of channels; taps along the row are
 * unrolled, so that neighbours share their loads.
 */
import type { Node } from '../ir/graph';
import { sizeOf } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import { roundSize } from './candidates';
import type { KernelEmission } from './emit';
import type { KernelTarget } from './kernel';
import { assumedBatch, emitLoop, mayExceed, namedIndex } from './loops';
import { paddingBefore, sourceCoord, windowAttrs } from './window-coords';
import { canMiss, laneVariable, type Bounds, type Operand } from './wgsl/inliner';
import { vectorType, type ShaderProgram } from './wgsl/kernel-writer';

/** What differs between the windowed kernels. */
export interface WindowSpec {
  readonly filter: readonly [height: number, width: number];
  /** Value an output starts from. */
  readonly initial: string;
  /**
   * Statement that takes one tap into `accumulator`; `inside` is null where all taps are inside. One
   * outside is to be left out: a product with 0 would not hide a weight that is NaN or infinite.
   */
  tap(
    accumulator: string,
    x: Operand,
    weight: Operand | null,
    inside: string | null,
    taps: readonly [IndexExpr, IndexExpr],
  ): string;
  /** A statement that declares what an output has besides its accumulator. */
  declare?(accumulator: string): string;
  /** Whether weights are known to be finite: a tap outside is an `x` of 0 then, said once a load. */
  readonly isFinite?: boolean;
  weight?(taps: readonly [IndexExpr, IndexExpr], channel: IndexExpr): Operand;
  /** Turns the accumulator into the output. */
  finish?(accumulator: string, count: string): string;
  /** The outputs, where there are more than one. */
  results?(accumulator: string): readonly Operand[];
}

/** Rows of taps wider than this stay a loop. */
const MAX_UNROLLED_TAPS = 7;

function outputsPerThread(node: Node, width: number, target: KernelTarget): number {
  const { strides, dilations } = windowAttrs(node);
  const { shape } = node.outputs[0];
  const size = target.anySize ? roundSize(sizeOf(shape)) : sizeOf(shape);
  const overlap = strides[1] === 1 && dilations[1] === 1;
  let count = overlap ? 4 : 2;
  while (count > 1 && (count > shape[2] || size / (width * count) < target.busyInvocations)) {
    count /= 2;
  }
  return count;
}

/** The outputs that one invocation computes. */
export interface WindowIndices {
  readonly batch: IndexExpr;
  readonly row: IndexExpr;
  readonly columns: readonly IndexExpr[];
  readonly channel: IndexExpr;
  readonly lanes: 1 | 4;
  /** Outputs that a channel of the input has. */
  readonly multiplier: number;
}

export function emitWindow(emission: KernelEmission, spec: WindowSpec): ShaderProgram {
  const { writer, inliner, request } = emission;
  const [batch, height, width, channels] = request.group.anchor.outputs[0].shape;
  const lanes = channels % 4 === 0 ? 4 : 1;
  const perThread = outputsPerThread(request.group.anchor, lanes, request.target);
  const shape = [batch, height, Math.ceil(width / perThread), channels / lanes];
  const workgroups = writer.flatThread('thread', sizeOf(shape));
  const multiplier = channels / request.group.anchor.inputs[0].shape[3];
  const indices = { ...emitIndices(emission, shape, perThread, lanes), multiplier };

  emitTaps(emission, spec, indices);
  indices.columns.forEach((column, t) => {
    const code = spec.finish ? writer.let(spec.finish(`acc${t}`, `count${t}`), 0) : `acc${t}`;
    const coords = [indices.batch, indices.row, column, indices.channel];
    const result: Operand = { code, width: lanes, dtype: 'float32', depth: 0 };
    const store = (): void => emission.epilogue(coords, spec.results?.(code) ?? result, lanes);
    if (t === 0 || !mayExceed(writer, column, width)) store();
    else writer.block(`if (${inliner.index(column)} < ${writer.dim('width', width)})`, store);
  });
  return writer.finish(emission.title, workgroups);
}

function emitIndices(
  emission: KernelEmission,
  shape: readonly number[],
  perThread: number,
  lanes: 1 | 4,
): Omit<WindowIndices, 'multiplier'> {
  const assumed = assumedBatch(emission, shape);
  const parts = coordsOfThread(emission, shape, assumed);
  const [batch, row, tile, vector] = ['batch', 'outRow', 'tile', 'channel'].map((name, i) =>
    namedIndex(emission, name, parts[i], shape[i], { atLeast: assumed[i] }),
  );
  return {
    batch,
    row,
    columns: Array.from({ length: perThread }, (_, t) => ix.shift(ix.scale(tile, perThread), t)),
    channel: lanes === 4 ? ix.add(ix.scale(vector, 4), laneVariable) : vector,
    lanes,
  };
}

/** Where a thread is among `shape`, written as if that were `assumed`. */
function coordsOfThread(
  emission: KernelEmission,
  shape: readonly number[],
  assumed: readonly number[],
): IndexExpr[] {
  const thread = ix.variable('thread', sizeOf(assumed));
  if (!emission.writer.options.anySize) return ix.delinearize(thread, assumed);
  // In two steps: of one, divisors would have one name or two, as sizes are equal by chance or not.
  const vectors = assumed[3];
  const grid = assumed.slice(0, 3);
  const strip = namedIndex(
    emission,
    'strip',
    ix.floorDiv(thread, vectors),
    sizeOf(shape.slice(0, 3)),
    { atLeast: sizeOf(grid) },
  );
  return [...ix.delinearize(strip, grid), ix.mod(thread, vectors)];
}

/** Takes the whole window into the accumulators `acc0`, `acc1`, …, one a column. */
export function emitTaps(emission: KernelEmission, spec: WindowSpec, indices: WindowIndices): void {
  const { writer } = emission;
  const type = vectorType('float32', indices.lanes);
  indices.columns.forEach((_, t) => writer.statement(`var acc${t} = ${type}(${spec.initial});`));
  indices.columns.forEach((_, t) => {
    if (spec.declare) writer.statement(spec.declare(`acc${t}`));
    if (spec.finish) writer.statement(`var count${t} = 0;`);
  });
  const [filterHeight, filterWidth] = spec.filter;
  emitLoop(emission, 'filterRow', filterHeight, (tapRow) => {
    if (filterWidth > MAX_UNROLLED_TAPS) {
      emitLoop(emission, 'filterColumn', filterWidth, (tapColumn) =>
        emitTap(emission, spec, indices, [tapRow, tapColumn], new Map()),
      );
      return;
    }
    const loaded = new Map<string, Operand>();
    for (let tap = 0; tap < filterWidth; tap++) {
      emitTap(emission, spec, indices, [tapRow, ix.constant(tap)], loaded);
    }
  });
}

/**
 * Takes one tap of the window into every accumulator. `loaded` has what was read of the row, by column of the
 * input: a tap of one output is the next tap of its neighbour.
 */
function emitTap(
  emission: KernelEmission,
  spec: WindowSpec,
  { batch, row, columns, channel, multiplier }: WindowIndices,
  [tapRow, tapColumn]: readonly [IndexExpr, IndexExpr],
  loaded: Map<string, Operand>,
): void {
  const { writer, inliner, request } = emission;
  const { anchor } = request.group;
  const [x] = anchor.inputs;
  const { strides, dilations } = windowAttrs(anchor);
  const before = paddingBefore(writer, anchor);
  const weight = spec.weight?.([tapRow, tapColumn], channel) ?? null;
  const inRow = sourceCoord(row, tapRow, strides[0], dilations[0], before[0]);
  columns.forEach((column, t) => {
    const inColumn = sourceCoord(column, tapColumn, strides[1], dilations[1], before[1]);
    const bounds: Bounds[] = [
      { coord: inRow, extent: x.shape[1] },
      { coord: inColumn, extent: x.shape[2] },
    ].filter((bound) => canMiss(bound, writer));
    const load = (): Operand =>
      inliner.value(x, [batch, inRow, inColumn, ix.floorDiv(channel, multiplier)]);
    const known = loaded.get(inColumn.key);
    const operand = known ?? (spec.isFinite ? inliner.guard(bounds, 'float32', 0, load) : load());
    loaded.set(inColumn.key, operand);
    const isAsked = bounds.length > 0 && (spec.finish !== undefined || !spec.isFinite);
    const inside = isAsked ? inliner.condition(bounds).code : null;
    const test = spec.isFinite ? null : inside;
    writer.statement(spec.tap(`acc${t}`, operand, weight, test, [tapRow, tapColumn]));
    if (spec.finish) writer.statement(`count${t} += ${inside ? `select(0, 1, ${inside})` : '1'};`);
  });
}

/** Loads of an input element, of which unrolled neighbours share about half. */
export function windowReuse(node: Node, filter: readonly number[]): number {
  const taps = filter[0] * filter[1];
  return Math.max(1, (taps * sizeOf(node.outputs[0].shape)) / sizeOf(node.inputs[0].shape) / 2);
}
