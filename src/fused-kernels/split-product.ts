/**
 * Matrix products of a few rows: the invocations of a workgroup share the depth of some columns and
 * add up their sums in workgroup memory ("split k"). With one row, as a decoder has, a product is as
 * many invocations as the output has vectors, too few for a GPU; this makes up to 64 of each.
 *
 * B is read once. Where its neighbours in memory are along k, neighbouring invocations are slices of
 * one sum, and products are dots of vectors along k; elsewhere they own neighbouring columns.
 */
import { sizeOf } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import type { KernelEmission } from './emit';
import { joinSlices } from './join-slices';
import { mayExceed, namedIndex } from './loops';
import { rightOperands, storeElement, type ProductSpec, type RightOperand } from './product-spec';
import { recountSums } from './recount';
import { numberTiles, ownerThreads } from './shared-output';
import type { SkinnyChoice } from './skinny-tiles';
import type { OperandAxes } from './tiled-product';
import { laneVariable, type Operand } from './wgsl/inliner';
import { vectorType, type ShaderProgram } from './wgsl/kernel-writer';
import { LoopCounters } from './wgsl/loop-counters';

/** Writes the whole kernel. */
export function emitSplitProduct(
  emission: KernelEmission,
  spec: ProductSpec,
  { rows: tileRows, vectors: tileVectors, slices }: SkinnyChoice,
  axes: OperandAxes,
): ShaderProgram {
  const { writer, inliner } = emission;
  const width = spec.columns % 4 === 0 ? 4 : 1;
  const vectors = spec.columns / width;
  const { parts = 1 } = spec;
  const { counts: shape, total } = numberTiles(
    emission,
    [parts, spec.batch, Math.ceil(spec.rows / tileRows), Math.ceil(vectors / tileVectors)],
    2,
  );
  const threads = ownerThreads(emission, total, true, 'tile');
  const [partIndex, batchIndex, rowTile, columnTile] = ix.delinearize(
    ix.variable('tile', sizeOf(shape)),
    shape,
  );
  const part = namedIndex(emission, 'part', partIndex, parts);
  const batch = namedIndex(emission, 'batch', batchIndex, spec.batch);
  const isDot = axes.slice(1).every((axis) => axis === 'depth') && spec.depth % 4 === 0;
  writer.statement('let thread = i32(local.x);');
  const [inner, outer] = isDot ? ['slice', 'inSlice'] : ['inSlice', 'slice'];
  writer.statement(`let ${inner} = thread % ${isDot ? slices : tileVectors};`);
  writer.statement(`let ${outer} = thread / ${isDot ? slices : tileVectors};`);
  writer.defineVariable('inSlice');
  const inSlice = ix.variable('inSlice', tileVectors);
  const columnAt = ix.add(ix.scale(columnTile, tileVectors), inSlice);
  const vector = namedIndex(emission, 'column', columnAt, vectors);

  const type = vectorType('float32', width);
  const rights = rightOperands(spec);
  const rowAt = (i: number): IndexExpr => ix.shift(ix.scale(rowTile, tileRows), i);
  const rows = Array.from({ length: tileRows }, (_, i) =>
    namedIndex(emission, `row${i}`, rowAt(i), spec.rows),
  );
  const sums = rights.flatMap(({ name }) => rows.map((_, i) => `${name}${i}`));
  for (const sum of sums) writer.statement(`var ${sum} = ${type}(0.0);`);

  const packed = spec.depth % 4 === 0;
  const steps = packed ? spec.depth / 4 : spec.depth;
  const inTerms = (step: string): string => (packed ? `${step} * 4` : step);
  const depth = writer.uniform('depth', steps);
  let [start, end] = ['slice', depth];
  if (parts > 1) {
    const each = writer.uniform('partSteps', Math.ceil(steps / parts));
    writer.statement(`let firstStep = ${inliner.index(part)} * ${each};`);
    start = 'firstStep + slice';
    writer.statement(`let end = min((${inliner.index(part)} + 1) * ${each}, ${depth});`);
    end = 'end';
  }
  // A window of more than one tap is no product of a few rows.
  const window = spec.window.map(() => ix.zero);
  const counters = new LoopCounters(writer, inliner);
  const k = counters.count('k', start, slices, steps);
  writer.block(`while (k < ${end})`, () => {
    inliner.loop = counters;
    const at = packed ? ix.add(ix.scale(k, 4), laneVariable) : k;
    const a = rows.map((row) => spec.a(batch, row, window, at));
    for (const right of rights) {
      if (isDot) emitDots(emission, right, { a, batch, window, at, vector, width });
      else emitSteps(emission, right, { a, batch, window, at, vector, width });
    }
    counters.update();
    inliner.loop = null;
  });

  const length = (slices / 2) * tileVectors * sums.length;
  writer.declare(`var<workgroup> partial: array<${type}, ${length}>;`);
  joinSlices(writer, { count: slices, invocations: tileVectors, memory: 'partial', sums });
  const guards = ['slice == 0', ...insideOf(emission, columnAt, vectors, 'columns')];
  writer.block(`if (${guards.join(' && ')})`, () => {
    recountSums(emission, spec, {
      batch,
      names: sums,
      width,
      at: (item) => ({ row: ix.add(ix.scale(rowTile, tileRows), item), vector }),
      part: parts > 1 ? { first: inTerms('firstStep'), end: inTerms('end') } : undefined,
    });
    rows.forEach((row, i) => {
      const column = columnOf(vector, width);
      const operands = rights.map(({ name }): Operand => ({
        code: `${name}${i}`,
        width,
        dtype: 'float32',
        depth: writer.depth,
      }));
      const store = (): void =>
        storeElement(emission, spec, [batch, row, column], operands, String(i), { part });
      const inside = insideOf(emission, rowAt(i), spec.rows, 'rows');
      if (inside.length === 0) store();
      else writer.block(`if (${inside.join(' && ')})`, store);
    });
  });
  return writer.finish(emission.title, threads.workgroups, threads.parameters);
}

/** What one turn of the loop multiplies. */
interface Turn {
  readonly a: readonly Operand[];
  readonly batch: IndexExpr;
  readonly window: readonly IndexExpr[];
  /** Where along k; with the lane variable, four elements. */
  readonly at: IndexExpr;
  readonly vector: IndexExpr;
  readonly width: 1 | 4;
}

const columnOf = (vector: IndexExpr, width: 1 | 4): IndexExpr =>
  width === 4 ? ix.add(ix.scale(vector, 4), laneVariable) : vector;

/** Vectors along columns, one for each k. */
function emitSteps(
  { writer, inliner }: KernelEmission,
  { name, load }: RightOperand,
  { a, batch, window, at, vector, width }: Turn,
): void {
  const isPacked = ix.mentions(at, 'lane');
  const type = vectorType('float32', width);
  for (let step = 0; step < (isPacked ? 4 : 1); step++) {
    const k = ix.substitute(at, new Map([['lane', ix.constant(step)]]));
    const b = inliner.widen(load(batch, window, k, columnOf(vector, width)), width);
    a.forEach(({ code, width: lanes }, i) => {
      const factor = lanes === 4 ? `${code}[${step}]` : code;
      const splat = width === 4 ? `${type}(${factor})` : factor;
      writer.statement(`${name}${i} = fma(${splat}, ${b}, ${name}${i});`);
    });
  }
}

/** Vectors along k, one for each column. */
function emitDots(
  { writer, inliner }: KernelEmission,
  { name, load }: RightOperand,
  { a, batch, window, at, vector, width }: Turn,
): void {
  const columns = Array.from({ length: width }, (_, lane) =>
    inliner.widen(load(batch, window, at, ix.shift(ix.scale(vector, width), lane)), 4),
  );
  a.forEach((operand, i) => {
    const x = inliner.widen(operand, 4);
    const dots = columns.map((column) => `dot(${x}, ${column})`).join(', ');
    writer.statement(`${name}${i} += ${width === 4 ? `vec4<f32>(${dots})` : dots};`);
  });
}

function insideOf(
  { writer, inliner }: KernelEmission,
  index: IndexExpr,
  extent: number,
  name: string,
): string[] {
  return mayExceed(writer, index, extent)
    ? [`${inliner.index(index)} < ${writer.dim(name, extent)}`]
    : [];
}
