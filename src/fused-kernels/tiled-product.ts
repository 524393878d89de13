/**
 * Matrix products through workgroup memory. A workgroup computes a tile of the result. Step by step
 * along k, its invocations load a tile of each operand into workgroup memory, every element once,
 * and each multiplies some rows by some columns of them, in vectors of four that stay in registers.
 *
 * Where there are fewer tiles than a device keeps busy, several slices of a workgroup's invocations
 * have the same outputs: each takes a part of every step, and at the end their sums are added up in
 * the memory that held the operands ("split k").
 *
 * A convolution is the same product: a row is a pixel, and k goes through the taps of the window
 * and the channels of each, counted by additions (`LoopCounters`). Nothing divides in the loop.
 */
import { sizeOf } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import { rangesOf, termsOfRange, type DepthRange } from './depth-range';
import type { KernelEmission } from './emit';
import type { LaneAxis } from './kernel';
import { joinSlices } from './join-slices';
import {
  placeCondition,
  rightOperands,
  storeElement,
  type ProductSpec,
  type RightOperand,
} from './product-spec';
import { tileBytes, type ProductTile } from './product-tiles';
import { recountSums } from './recount';
import { numberTiles, ownerThreads } from './shared-output';
import { OperandStaging, plus } from './tile-staging';
import { laneVariable, type Operand } from './wgsl/inliner';
import type { ShaderProgram } from './wgsl/kernel-writer';
import { LoopCounters } from './wgsl/loop-counters';

/** Along which axis the lanes of each operand are loaded: of A, of B, and of the second B. */
export type OperandAxes = readonly LaneAxis[];

/** What loading a vector costs at least: nothing is better than one access. */
const VECTOR_COST = 1;

/** Finds the axes along which the operands' neighbours in memory are. */
export function findAxes(
  describe: (emission: KernelEmission) => ProductSpec,
  sketch: () => KernelEmission,
): OperandAxes {
  const cost = (index: number, axis: LaneAxis): number => {
    const emission = sketch();
    const spec = describe(emission);
    const at = (name: string, extent: number, isAlong = false): IndexExpr => {
      emission.writer.defineVariable(name);
      return isAlong
        ? ix.add(ix.scale(ix.variable(name, Math.ceil(extent / 4)), 4), laneVariable)
        : ix.variable(name, extent);
    };
    const batch = at('batch', spec.batch);
    const window = spec.window.map(({ name, extent }) => at(name, extent));
    const k = at('k', spec.depth, axis === 'depth');
    if (index === 0) spec.a(batch, at('row', spec.rows, axis === 'span'), window, k);
    else {
      const column = at('column', spec.columns, axis === 'span');
      rightOperands(spec)[index - 1].load(batch, window, k, column);
    }
    return emission.inliner.loadCost;
  };
  const preferred = (index: number): LaneAxis => (index === 0 ? 'depth' : 'span');
  const other = (index: number): LaneAxis => (index === 0 ? 'span' : 'depth');
  const count = 1 + rightOperands(describe(sketch())).length;
  return Array.from({ length: count }, (_, index) => {
    const usual = cost(index, preferred(index));
    return usual > VECTOR_COST && cost(index, other(index)) < usual
      ? other(index)
      : preferred(index);
  });
}

/** Writes the whole kernel. */
export function emitTiledProduct(
  emission: KernelEmission,
  spec: ProductSpec,
  tile: ProductTile,
  axes: OperandAxes,
): ShaderProgram {
  return new TiledProductEmitter(emission, spec, tile, axes).write();
}

class TiledProductEmitter {
  private readonly rights: readonly RightOperand[];
  private readonly threads: ReturnType<typeof ownerThreads>;
  /** Invocations of a slice, along columns and along rows. */
  private readonly across: number;
  private readonly down: number;
  private readonly vectors: number;
  private readonly part: IndexExpr;
  private readonly batch: IndexExpr;
  private readonly rowTile: IndexExpr;
  private readonly columnTile: IndexExpr;

  constructor(
    private readonly emission: KernelEmission,
    private readonly spec: ProductSpec,
    private readonly tile: ProductTile,
    private readonly axes: OperandAxes,
  ) {
    this.rights = rightOperands(spec);
    this.across = tile.columns / tile.threadColumns;
    this.down = tile.rows / tile.threadRows;
    this.vectors = tile.threadColumns / 4;
    const { counts: shape, total } = numberTiles(
      emission,
      [
        spec.parts ?? 1,
        spec.batch,
        Math.ceil(spec.rows / tile.rows),
        Math.ceil(spec.columns / tile.columns),
      ],
      2,
    );
    this.threads = ownerThreads(emission, total, true, 'tile');
    const indices = ix.delinearize(ix.variable('tile', sizeOf(shape)), shape);
    [this.part, this.batch, this.rowTile, this.columnTile] = [
      'part',
      'batch',
      'rowTile',
      'columnTile',
    ].map((name, i) => this.named(name, indices[i], shape[i]));
  }

  write(): ShaderProgram {
    const { writer } = this.emission;
    const { tile } = this;
    const { slices, invocations } = tile;
    const length = tileBytes(tile, this.rights.length > 1) / 16;
    writer.declare(`var<workgroup> staged: array<vec4<f32>, ${length}>;`);
    writer.statement('let thread = i32(local.x);');
    writer.defineVariable('thread');
    const inSlice = slices > 1 ? 'inSlice' : 'thread';
    if (slices > 1) {
      writer.statement(`let inSlice = thread % ${invocations / slices};`);
      writer.statement(`let slice = thread / ${invocations / slices};`);
    }
    writer.statement(`let threadColumn = ${inSlice} % ${this.across};`);
    writer.statement(`let threadRow = ${inSlice} / ${this.across};`);
    for (const sum of this.sums) writer.statement(`var ${sum} = vec4<f32>(0.0);`);
    rangesOf(this.spec).forEach((range, index) => this.sumRange(range, index));
    if (slices > 1) {
      joinSlices(writer, {
        count: slices,
        invocations: invocations / slices,
        memory: 'staged',
        sums: this.sums,
      });
      writer.block('if (slice == 0)', () => this.store());
    } else {
      this.store();
    }
    return writer.finish(this.emission.title, this.threads.workgroups, this.threads.parameters);
  }

  private sumRange(range: DepthRange, index: number): void {
    const { emission, spec, tile } = this;
    const { writer, inliner } = emission;
    const suffix = index === 0 ? '' : String(index);
    const terms = termsOfRange(range);
    const steps = Math.ceil(terms / tile.depth);
    const count = writer.uniform(`steps${suffix}`, steps);
    const { parts = 1 } = spec;
    let first = '0';
    let end = count;
    if (parts > 1) {
      const each = writer.uniform('partSteps', Math.ceil(steps / parts));
      writer.statement(`let firstStep = part * ${each};`);
      writer.statement(`let endStep = min(firstStep + ${each}, ${count});`);
      first = 'firstStep';
      end = 'endStep';
    }
    const counters = new LoopCounters(writer, inliner);
    const stagings = this.stage(range, suffix, counters, first);
    writer.block(`for (var step = ${first}; step < ${end}; step++)`, () => {
      inliner.loop = counters;
      const loaded = stagings.flatMap((staging) => staging.load());
      const write = (guard: boolean): void => {
        for (const { address, code, guarded, owner } of loaded) {
          const statement = `staged[${address}] = ${guard ? guarded() : code};`;
          writer.statement(owner ? `if (${owner}) { ${statement} }` : statement);
        }
      };
      const whole = Math.floor(terms / tile.depth);
      if (terms % tile.depth === 0) write(false);
      else if (whole === 0 && !writer.options.anySize) write(true);
      else {
        writer.block(`if (step < ${writer.uniform(`wholeSteps${suffix}`, whole)})`, () =>
          write(false),
        );
        writer.block('else', () => write(true));
      }
      writer.statement('workgroupBarrier();');
      this.multiply();
      writer.statement('workgroupBarrier();');
      counters.update();
      inliner.loop = null;
    });
  }

  private stage(
    range: DepthRange,
    suffix: string,
    counters: LoopCounters,
    firstStep: string,
  ): OperandStaging[] {
    const { emission, spec, tile, axes, batch } = this;
    const make = (operand: ConstructorParameters<typeof OperandStaging>[1]): OperandStaging =>
      new OperandStaging(emission, operand, tile, range, counters, firstStep);
    const left = make({
      name: `a${suffix}`,
      side: 'left',
      lanes: axes[0],
      extent: spec.rows,
      tileExtent: tile.rows,
      firstInTile: (size) => this.firstInTile(this.rowTile, size),
      offset: 0,
      load: (window, k, row) => spec.a(batch, row, window, k),
    });
    const rights = this.rights.map(({ name, load }, index) =>
      make({
        name: `${name === 'acc' ? 'b' : 'c'}${suffix}`,
        side: 'right',
        lanes: axes[index + 1],
        extent: spec.columns,
        tileExtent: tile.columns,
        firstInTile: (size) => this.firstInTile(this.columnTile, size),
        offset: this.offsetOf(index),
        load: (window, k, column) => load(batch, window, k, column),
      }),
    );
    return [left, ...rights];
  }

  /** First vector of a right operand in workgroup memory. */
  private offsetOf(right: number): number {
    const { rows, columns, depth } = this.tile;
    return ((rows + right * columns) * depth) / 4;
  }

  /** The products of one step: rows by columns, for each k of it. */
  private multiply(): void {
    const { emission } = this;
    const { writer } = emission;
    const { tile, across, down, vectors } = this;
    const { depth, columns, slices } = tile;
    const inSlice = depth / 4 / slices;
    const sliced = (stride: number): string => (slices > 1 ? ` + slice * ${stride}` : '');
    // A constant, where the driver is to unroll the loop.
    const steps = emission.request.target.unrolls
      ? String(inSlice)
      : writer.uniform('stepVectors', inSlice);
    writer.block(`for (var k = 0; k < ${steps}; k++)`, () => {
      writer.statement(`let aFirst = threadRow * ${depth / 4}${sliced(inSlice)} + k;`);
      const stride = columns / 4;
      writer.statement(
        `let bFirst = threadColumn${sliced(inSlice * columns)} + k * ${columns} + ${this.offsetOf(0)};`,
      );
      for (let i = 0; i < tile.threadRows; i++) {
        writer.statement(`let a${i} = staged[aFirst${plus((i * down * depth) / 4)}];`);
      }
      for (let lane = 0; lane < 4; lane++) {
        this.rights.forEach(({ name }, right) => {
          for (let j = 0; j < vectors; j++) {
            const at = lane * stride + j * across + this.offsetOf(right) - this.offsetOf(0);
            const b = `${name === 'acc' ? 'b' : 'c'}${lane}_${j}`;
            writer.statement(`let ${b} = staged[bFirst${plus(at)}];`);
            for (let i = 0; i < tile.threadRows; i++) {
              const sum = `${name}${i}_${j}`;
              writer.statement(`${sum} = fma(vec4<f32>(a${i}[${lane}]), ${b}, ${sum});`);
            }
          }
        });
      }
    });
  }

  private store(): void {
    const { emission, spec, tile } = this;
    const { writer, inliner } = emission;
    const { rows, columns, threadRows } = tile;
    const vectors = Math.ceil(spec.columns / 4);
    const rowAt = (i: number): IndexExpr =>
      this.threadIndex('row', i, this.rowTile, rows, this.down, spec.rows);
    const columnAt = (j: number): IndexExpr =>
      this.threadIndex('column', j, this.columnTile, columns / 4, this.across, vectors);
    this.recount();
    const indices = Array.from({ length: threadRows }, (_, i) => rowAt(i));
    for (let j = 0; j < this.vectors; j++) {
      const vector = columnAt(j);
      const column = ix.add(ix.scale(vector, 4), laneVariable);
      const isRagged = spec.columns % 4 !== 0;
      const inside = isRagged
        ? (lane: number): string =>
            `${inliner.index(ix.shift(ix.scale(vector, 4), lane))} < ${writer.uniform('columns', spec.columns)}`
        : undefined;
      indices.forEach((row, i) => {
        const sums = this.rights.map(({ name }): Operand => ({
          code: `${name}${i}_${j}`,
          width: 4,
          dtype: 'float32',
          depth: writer.depth,
        }));
        const guards = [
          ...(spec.rows % rows === 0 && !writer.options.anySize
            ? []
            : [`row${i} < ${writer.uniform('rows', spec.rows)}`]),
          ...(vectors % (columns / 4) === 0 && !writer.options.anySize
            ? []
            : [`column${j} < ${writer.uniform('columnVectors', vectors)}`]),
          placeCondition(emission, spec, this.batch, row),
        ];
        const at = [this.batch, row, column] as const;
        const store = (): void =>
          storeElement(emission, spec, at, sums, `${i}_${j}`, { part: this.part, inside });
        const guard = guards.filter((condition) => condition !== '').join(' && ');
        if (guard === '') store();
        else writer.block(`if (${guard})`, store);
      });
    }
  }

  private recount(): void {
    const { writer } = this.emission;
    const { rows, columns, depth, threadRows } = this.tile;
    const { parts = 1 } = this.spec;
    const inTile = (name: string, count: number, item: IndexExpr): IndexExpr => {
      writer.defineVariable(name);
      return ix.add(ix.variable(name, count), ix.scale(item, count));
    };
    recountSums(this.emission, this.spec, {
      batch: this.batch,
      names: this.sums,
      width: 4,
      at: (item) => ({
        row: ix.add(
          ix.scale(this.rowTile, rows),
          inTile('threadRow', this.down, ix.mod(item, threadRows)),
        ),
        vector: ix.add(
          ix.scale(this.columnTile, columns / 4),
          inTile('threadColumn', this.across, ix.floorDiv(item, threadRows)),
        ),
      }),
      part: parts > 1 ? { first: `firstStep * ${depth}`, end: `endStep * ${depth}` } : undefined,
    });
  }

  /** A row or a vector of columns that an invocation computes, which may be beyond the last one. */
  private threadIndex(
    name: string,
    item: number,
    tileIndex: IndexExpr,
    extent: number,
    stride: number,
    total: number,
  ): IndexExpr {
    const { writer } = this.emission;
    const inTile = `thread${name[0].toUpperCase()}${name.slice(1)}${plus(item * stride)}`;
    writer.statement(`let ${name}${item} = ${this.firstInTile(tileIndex, extent)}${inTile};`);
    writer.defineVariable(`${name}${item}`);
    return ix.variable(`${name}${item}`, total);
  }

  /** Text of `tile · size + `; the only tile is number 0. */
  private firstInTile(tile: IndexExpr, size: number): string {
    return ix.isConstant(tile) ? '' : `${this.emission.inliner.index(tile)} * ${size} + `;
  }

  /** The variables of an invocation's sums. */
  private get sums(): string[] {
    const { threadRows } = this.tile;
    return this.rights.flatMap(({ name }) =>
      Array.from({ length: this.vectors * threadRows }, (_, item) => {
        return `${name}${item % threadRows}_${Math.floor(item / threadRows)}`;
      }),
    );
  }

  /** Names an index whose values are all in range. */
  private named(name: string, index: IndexExpr, extent: number): IndexExpr {
    if (extent === 1) return ix.zero;
    const { writer, inliner } = this.emission;
    writer.statement(`let ${name} = ${inliner.index(index)};`);
    writer.defineVariable(name);
    return ix.variable(name, extent);
  }
}
