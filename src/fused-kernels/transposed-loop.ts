/**
 * Loops over a transposed operand whose last axis is moved. Reading it in the order of the result
 * takes one element of each line of memory; so a workgroup reads a tile of 32 × 32 elements in the
 * order of the operand, and goes on with it in the order of the result: a transposition through
 * workgroup memory. Whatever stands in front of the transposition is computed while the tile is
 * read, once an element, and whatever follows it, where it is stored.
 */
import { scalarOp } from '../ir/expression';
import type { Node, Value } from '../ir/graph';
import { sizeOf } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import { followNode } from '../ir/kernel-group';
import type { KernelEmission } from './emit';
import type { KernelRequest } from './kernel';
import { namedIndex } from './loops';
import { ownerThreads } from './shared-output';
import { broadcastCoords, laneVariable, type Operand } from './wgsl/inliner';
import { vectorType, type ShaderProgram } from './wgsl/kernel-writer';

/** Side of a tile, in elements. */
const TILE = 32;
/** Shorter axes fill too little of a tile; what lies between their elements is in the caches. */
const MIN_EXTENT = 16;
/** Transposed operands of one loop that are staged; others are read as they come. */
const MAX_STAGED = 3;

/** A loop that goes through tiles. */
export interface TransposedLoop {
  /** Transpositions whose results have one shape, the first nearest to the loop's own result. */
  readonly staged: readonly Node[];
  /** From the first transposition's consumer to the loop's root. */
  readonly chain: readonly Node[];
  readonly axes: TransposedAxes;
  /** Elements of a vector: 4 where both sides of a tile are made of whole vectors. */
  readonly lanes: 1 | 4;
}

/** Axes of a transposition's result, neighbours that stay neighbours taken as one. */
interface TransposedAxes {
  readonly groups: readonly { readonly axes: readonly number[]; readonly extent: number }[];
  /** Which of the groups is contiguous in the operand; the last one is in the result. */
  readonly inner: number;
}

/** Invocations of a workgroup. */
export const invocationsOf = ({ lanes }: TransposedLoop): number => (TILE / lanes) * 8;

/** The transposition that a loop has to stage; null if there is none. */
export function findTransposition({
  group,
  target,
  storage,
}: KernelRequest): TransposedLoop | null {
  if (!target.stagesTiles || target.maxInvocations < TILE * 8) return null;
  const isComputed = (value: Value): boolean =>
    value.producer !== undefined && (value === group.anchor.outputs[0] || storage(value) === null);
  const found = new Map<Node, readonly Node[]>();
  const visit = (value: Value, chain: readonly Node[]): void => {
    const { producer } = value;
    if (!producer || found.has(producer) || !isComputed(value)) return;
    if (producer.kernel === 'Transpose') {
      if (axesOf(producer) !== null) found.set(producer, chain);
    } else if (scalarOp(producer.kernel) || producer.kernel === 'Reshape') {
      for (const input of producer.inputs) {
        if (sizeOf(input.shape) === sizeOf(value.shape)) visit(input, [producer, ...chain]);
      }
    }
  };
  visit(group.anchor.outputs[0], []);
  const [first] = found;
  if (!first) return null;
  const [transposition, chain] = first;
  const isAlike = ([node, between]: readonly [Node, readonly Node[]]): boolean =>
    node === transposition ||
    (String(node.attrs.perm) === String(transposition.attrs.perm) &&
      String(node.outputs[0].shape) === String(transposition.outputs[0].shape) &&
      [...between, ...chain].every(({ kernel }) => kernel !== 'Reshape'));
  const axes = axesOf(transposition) as TransposedAxes;
  const sides = [axes.groups[axes.inner], axes.groups[axes.groups.length - 1]];
  const loop: TransposedLoop = {
    staged: [...found]
      .filter(isAlike)
      .slice(0, MAX_STAGED)
      .map(([node]) => node),
    chain,
    axes,
    lanes: sides.every(({ extent }) => extent % 4 === 0) ? 4 : 1,
  };
  return isRecognised(loop) ? loop : null;
}

/** The axes of a transposition; null if it moves no long axis to or from the end. */
function axesOf({ attrs, inputs: [input], outputs: [{ shape }] }: Node): TransposedAxes | null {
  const perm = attrs.perm as readonly number[];
  const position = (axis: number): number =>
    input.shape.slice(0, axis).filter((extent) => extent > 1).length;
  const groups: { axes: number[]; extent: number }[] = [];
  let last = -1;
  perm.forEach((from, axis) => {
    if (shape[axis] === 1) return;
    if (groups.length > 0 && position(from) === last + 1) {
      const group = groups[groups.length - 1];
      group.axes.push(axis);
      group.extent *= shape[axis];
    } else {
      groups.push({ axes: [axis], extent: shape[axis] });
    }
    last = position(from);
  });
  const rank = input.shape.filter((extent) => extent > 1).length;
  const inner = groups.findIndex(({ axes }) => position(perm[axes[axes.length - 1]]) === rank - 1);
  if (inner < 0 || inner === groups.length - 1) return null;
  const sides = [groups[inner], groups[groups.length - 1]];
  return sides.every(({ extent }) => extent >= MIN_EXTENT) ? { groups, inner } : null;
}

/** Coordinates in a transposition's result, given an index into each of its groups. */
function coordsOf({ axes, staged }: TransposedLoop, indices: readonly IndexExpr[]): IndexExpr[] {
  const { shape } = staged[0].outputs[0];
  const coords = shape.map(() => ix.zero);
  axes.groups.forEach((group, g) => {
    const parts = ix.delinearize(
      indices[g],
      group.axes.map((axis) => shape[axis]),
    );
    group.axes.forEach((axis, i) => (coords[axis] = parts[i]));
  });
  return coords;
}

/** Coordinates of the loop's result, given those of the first transposition's. */
function rootCoords({ staged, chain }: TransposedLoop, coords: readonly IndexExpr[]): IndexExpr[] {
  let source = staged[0].outputs[0];
  let at = [...coords];
  for (const node of chain) {
    at = followNode(node, source, at);
    [source] = node.outputs;
  }
  return at;
}

/**
 * Whether the coordinates that the loop's result is computed at lead back to those that the
 * transposed elements are known at: index arithmetic does not see through every reshape.
 */
function isRecognised(loop: TransposedLoop): boolean {
  const { axes, lanes, staged, chain } = loop;
  const coords = coordsOf(
    loop,
    axes.groups.map(({ extent }, g) => {
      const index = ix.variable(`g${g}`, g < axes.groups.length - 1 ? extent : extent / lanes);
      return g < axes.groups.length - 1 || lanes === 1 ? index : vectorAt(index);
    }),
  );
  let at: readonly IndexExpr[] = rootCoords(loop, coords);
  for (let i = chain.length - 1; i >= 0; i--) {
    const [{ shape }] = chain[i].outputs;
    const source = (i > 0 ? chain[i - 1] : staged[0]).outputs[0];
    at =
      chain[i].kernel === 'Reshape'
        ? ix.delinearize(ix.linearize(at, shape), source.shape)
        : broadcastCoords(at, shape, source.shape);
  }
  return ix.areSame(at, coords);
}

const vectorAt = (index: IndexExpr): IndexExpr => ix.add(ix.scale(index, 4), laneVariable);

/** A tile of one workgroup. */
interface LoopTile {
  readonly loop: TransposedLoop;
  /** Index into each group of axes; those of the tile's two sides are replaced. */
  readonly indices: readonly IndexExpr[];
  /** The tile's own numbers, along the operand's contiguous axes and along the result's. */
  readonly inner: IndexExpr;
  readonly outer: IndexExpr;
}

/** Writes the whole kernel. */
export function emitTransposedLoop(emission: KernelEmission, loop: TransposedLoop): ShaderProgram {
  const { writer } = emission;
  const { groups, inner } = loop.axes;
  const counts = groups.map(({ extent }, g) =>
    g === inner || g === groups.length - 1 ? Math.ceil(extent / TILE) : extent,
  );
  const total = counts.reduce((product, count) => product * count, 1);
  const { workgroups, parameters } = ownerThreads(emission, total, true, 'tile');
  const parts = ix.delinearize(ix.variable('tile', total), counts);
  // Letters, because numbers would say that the strides of these are the same.
  const nameOf = (g: number): string => {
    if (g === inner) return 'innerTile';
    return g === groups.length - 1 ? 'outerTile' : `axis${String.fromCharCode(65 + g)}`;
  };
  const indices = parts.map((part, g) => namedIndex(emission, nameOf(g), part, counts[g]));
  const tile: LoopTile = {
    loop,
    indices,
    inner: indices[inner],
    outer: indices[groups.length - 1],
  };
  const side = TILE / loop.lanes;
  writer.statement(`let fast = i32(local.x) % ${side};`);
  writer.statement(`let slow = i32(local.x) / ${side};`);
  writer.defineVariable('fast');
  writer.defineVariable('slow');
  loop.staged.forEach(({ outputs: [{ dtype }] }, s) => {
    const type = vectorType(dtype, loop.lanes);
    // One more than is used: elements below each other are in different banks.
    const shape = loop.lanes === 4 ? [8, 4 * side + 1] : [TILE, TILE + 1];
    writer.declare(`var<workgroup> tile${s}: array<array<${type}, ${shape[1]}>, ${shape[0]}>;`);
  });
  if (loop.lanes === 4) emitVectors(emission, tile);
  else emitElements(emission, tile);
  return writer.finish(emission.title, workgroups, parameters);
}

const fast = (extent: number): IndexExpr => ix.variable('fast', extent);
const slow: IndexExpr = ix.variable('slow', 8);

/** A position along a side of the tile, inside its axes, and the test whether it is one; '' if it must be. */
function position(
  emission: KernelEmission,
  name: string,
  number: IndexExpr,
  index: IndexExpr,
  extent: number,
  side: number,
): { readonly at: IndexExpr; readonly inside: string } {
  const { inliner, writer } = emission;
  const whole = ix.add(ix.scale(number, side), index);
  const inside =
    whole.max < extent ? '' : `${inliner.index(whole)} < ${writer.dim(`${name}Extent`, extent)}`;
  return { at: namedIndex(emission, name, whole, extent), inside };
}

function guarded(
  { writer }: KernelEmission,
  conditions: readonly string[],
  body: () => void,
): void {
  const needed = conditions.filter((condition) => condition !== '');
  if (needed.length === 0) body();
  else writer.block(`if (${needed.join(' && ')})`, body);
}

/** Reads an element or a vector of every staged operand into its tile, at `place`. */
function stage(
  { writer, inliner }: KernelEmission,
  { loop, indices }: LoopTile,
  sides: readonly [inner: IndexExpr, outer: IndexExpr],
  place: string,
): void {
  const at = coordsOf(loop, withSides(loop, indices, sides));
  loop.staged.forEach(({ attrs, inputs: [input] }, s) => {
    const source = new Array<IndexExpr>(at.length);
    (attrs.perm as readonly number[]).forEach((axis, i) => (source[axis] = at[i]));
    const value = inliner.widen(inliner.value(input, source), loop.lanes);
    writer.statement(`tile${s}${place} = ${value};`);
  });
}

function withSides(
  { axes: { groups, inner } }: TransposedLoop,
  indices: readonly IndexExpr[],
  sides: readonly [inner: IndexExpr, outer: IndexExpr],
): IndexExpr[] {
  return indices.map((index, g) =>
    g === inner ? sides[0] : g === groups.length - 1 ? sides[1] : index,
  );
}

/** Computes and stores the result where the staged operands are `codes`. */
function store(
  emission: KernelEmission,
  { loop, indices }: LoopTile,
  sides: readonly [inner: IndexExpr, outer: IndexExpr],
  codes: readonly string[],
): void {
  const { writer, inliner } = emission;
  const at = coordsOf(loop, withSides(loop, indices, sides));
  loop.staged.forEach(({ outputs: [output] }, s) => {
    const operand: Operand = {
      code: codes[s],
      width: loop.lanes,
      dtype: output.dtype,
      depth: writer.depth,
    };
    inliner.provide(output, at, operand);
  });
  emission.epilogue(rootCoords(loop, at), null, loop.lanes);
}

/** 64 invocations, each of which turns a square of 4 × 4 elements in registers. */
function emitVectors(emission: KernelEmission, tile: LoopTile): void {
  const { writer } = emission;
  const { groups, inner: innerGroup } = tile.loop.axes;
  const innerExtent = groups[innerGroup].extent / 4;
  const outerExtent = groups[groups.length - 1].extent;
  const inner = position(emission, 'inner', tile.inner, fast(8), innerExtent, 8);
  for (let i = 0; i < 4; i++) {
    const row = ix.shift(ix.scale(slow, 4), i);
    const { at } = position(emission, `outer${i}`, tile.outer, row, outerExtent, TILE);
    stage(emission, tile, [vectorAt(inner.at), at], `[slow][fast + ${8 * i}]`);
  }
  writer.statement('workgroupBarrier();');
  const outer = position(emission, 'outer', tile.outer, fast(8), outerExtent / 4, 8);
  const row = position(emission, 'row', tile.inner, slow, innerExtent, 8);
  guarded(emission, [outer.inside, row.inside], () => {
    const columns = tile.loop.staged.map((_, s) =>
      [0, 1, 2, 3].map((i) => writer.let(`tile${s}[fast][slow + ${8 * i}]`, writer.depth)),
    );
    for (let i = 0; i < 4; i++) {
      const codes = columns.map((names, s) => {
        const type = vectorType(tile.loop.staged[s].outputs[0].dtype, 4);
        return writer.let(
          `${type}(${names.map((name) => `${name}[${i}]`).join(', ')})`,
          writer.depth,
        );
      });
      const at = ix.shift(ix.scale(row.at, 4), i);
      store(emission, tile, [at, vectorAt(outer.at)], codes);
    }
  });
}

/** 256 invocations, each of which takes four elements, one by one. */
function emitElements(emission: KernelEmission, tile: LoopTile): void {
  const { writer } = emission;
  const { groups, inner: innerGroup } = tile.loop.axes;
  const innerExtent = groups[innerGroup].extent;
  const outerExtent = groups[groups.length - 1].extent;
  const rows = [0, 8, 16, 24].map((first) => ix.shift(slow, first));
  const inner = position(emission, 'inner', tile.inner, fast(TILE), innerExtent, TILE);
  rows.forEach((row, i) => {
    const { at } = position(emission, `outer${i}`, tile.outer, row, outerExtent, TILE);
    stage(emission, tile, [inner.at, at], `[slow + ${8 * i}][fast]`);
  });
  writer.statement('workgroupBarrier();');
  const outer = position(emission, 'outer', tile.outer, fast(TILE), outerExtent, TILE);
  rows.forEach((row, i) => {
    const { at, inside } = position(emission, `row${i}`, tile.inner, row, innerExtent, TILE);
    guarded(emission, [outer.inside, inside], () => {
      const codes = tile.loop.staged.map((_, s) =>
        writer.let(`tile${s}[fast][slow + ${8 * i}]`, writer.depth),
      );
      store(emission, tile, [at, outer.at], codes);
    });
  });
}
