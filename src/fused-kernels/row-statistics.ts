/**
 * Mean and squared deviations of rows, by invocation or by workgroup: what normalisations and moments
 * have in common. A row (what the statistics are taken over) belongs to an invocation or, if rows are
 * few and long, to a workgroup, which keeps it in registers between the passes.
 *
 * The variance is that of deviations from the mean, in two passes, on data shifted by the row's
 * first element: Chan, Golub and LeVeque, "Algorithms for Computing the Sample Variance" (1983).
 * A row of equal values has deviations of exactly 0, whatever its magnitude.
 */
import type { Node } from '../ir/graph';
import { sizeOf } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import { type KernelEmission, WORKGROUP_SIZE } from './emit';
import type { KernelTarget } from './kernel';
import { runningSum } from './running-sum';
import { ownerThreads, type OwnerThreads } from './shared-output';
import { laneVariable } from './wgsl/inliner';
import { vectorType } from './wgsl/kernel-writer';
import { combineInWorkgroup } from './workgroup-combine';

/** Longest piece of a row that an invocation keeps in registers. */
const MAX_REGISTERS = 8;

/** Which coordinates rows and their elements have, and where the lanes of a vec4 lie. */
export interface RowSpace {
  /** Rows and steps along one, in vectors. */
  readonly rows: number;
  readonly steps: number;
  readonly width: 1 | 4;
  /** True if a vec4 is four elements of one row, false if it is one element of four rows. */
  readonly lanesAlongRow: boolean;
  /** Coordinates of an element. */
  coords(row: IndexExpr, step: IndexExpr): IndexExpr[];
  /** Coordinates of a row (four of them, where the lanes lie across) in the kept dimensions. */
  rowCoords(row: IndexExpr): IndexExpr[];
}

function rowSpace(node: Node): RowSpace {
  const { shape } = node.inputs[0];
  const reduced = node.attrs.axes as number[];
  const kept = shape.map((_, axis) => axis).filter((axis) => !reduced.includes(axis));
  const rowShape = kept.map((axis) => shape[axis]);
  const stepShape = reduced.map((axis) => shape[axis]);
  const width = shape[shape.length - 1] % 4 === 0 ? 4 : 1;
  const lanesAlongRow = reduced.includes(shape.length - 1);
  const widen = (index: IndexExpr, here: boolean): IndexExpr =>
    width === 4 && here ? ix.add(ix.scale(index, 4), laneVariable) : index;
  return {
    rows: sizeOf(rowShape) / (lanesAlongRow ? 1 : width),
    steps: sizeOf(stepShape) / (lanesAlongRow ? width : 1),
    width,
    lanesAlongRow,
    rowCoords: (row) => ix.delinearize(widen(row, !lanesAlongRow), rowShape),
    coords(row, step) {
      const coords = new Array<IndexExpr>(shape.length);
      const outer = ix.delinearize(widen(row, !lanesAlongRow), rowShape);
      const inner = ix.delinearize(widen(step, lanesAlongRow), stepShape);
      kept.forEach((axis, i) => (coords[axis] = outer[i]));
      reduced.forEach((axis, i) => (coords[axis] = inner[i]));
      return coords;
    },
  };
}

function isShared({ rows, steps }: RowSpace, target: KernelTarget): boolean {
  return steps > 16 && rows < target.busyInvocations;
}

/** A step of a row: where it is, the register that keeps it, and how many there were before. */
export interface RowStep {
  readonly index: IndexExpr;
  readonly register: string | null;
  readonly trip: string;
}

export interface Pass {
  /** Calls `body` for every step of the row that is this invocation's, in a loop or unrolled. */
  readonly run: (name: string, body: (step: RowStep) => void) => void;
  /** Steps that are an invocation's, at most. */
  readonly trips: number;
}

function makePass(emission: KernelEmission, space: RowSpace, shared: boolean): Pass {
  const { writer } = emission;
  const { steps } = space;
  const { anySize } = writer.options;
  const needed = Math.ceil(steps / WORKGROUP_SIZE);
  // Of many lengths, a few numbers of registers are enough.
  const registers = anySize ? 2 ** Math.ceil(Math.log2(needed)) : needed;
  if (!shared || registers > MAX_REGISTERS) {
    const start = shared ? 'i32(local.x)' : '0';
    const stride = shared ? WORKGROUP_SIZE : 1;
    const run: Pass['run'] = (name, body) => {
      const header = `for (var ${name} = ${start}; ${name} < ${writer.dim('steps', steps)}; ${name} += ${stride})`;
      writer.block(header, () => {
        writer.defineVariable(name);
        const trip = shared ? `(${name} / ${WORKGROUP_SIZE})` : name;
        body({ index: ix.variable(name, steps), register: null, trip });
      });
    };
    return { run, trips: shared ? registers : steps };
  }
  for (let i = 0; i < registers; i++) {
    writer.statement(`let step${i} = i32(local.x) + ${i * WORKGROUP_SIZE};`);
    writer.defineVariable(`step${i}`);
    writer.statement(`var kept${i} = ${vectorType('float32', space.width)}(0.0);`);
  }
  const run: Pass['run'] = (_name, body) => {
    for (let i = 0; i < registers; i++) {
      const index = ix.variable(`step${i}`, steps);
      const visit = (): void => body({ index, register: `kept${i}`, trip: String(i) });
      if (!anySize && (i + 1) * WORKGROUP_SIZE <= steps) writer.block('', visit);
      else writer.block(`if (step${i} < ${writer.dim('steps', steps)})`, visit);
    }
  };
  return { run, trips: registers };
}

/** The rows of a kernel's input while its shader is being written. */
export class RowStatistics {
  readonly space: RowSpace;
  /** Whether a workgroup has a row together. */
  readonly shared: boolean;
  readonly type: string;
  readonly row: IndexExpr;
  readonly threads: OwnerThreads;
  readonly pass: Pass;

  constructor(private readonly emission: KernelEmission) {
    const { request } = emission;
    this.space = rowSpace(request.group.anchor);
    const { rows, width } = this.space;
    this.shared = isShared(this.space, request.target);
    this.type = vectorType('float32', width);
    this.row = ix.variable('row', rows);
    this.threads = ownerThreads(emission, rows, this.shared, 'row');
    this.pass = makePass(emission, this.space, this.shared);
  }

  /** Elements of a row, as an expression. */
  get count(): string {
    const { steps, width, lanesAlongRow } = this.space;
    return `f32(${this.emission.writer.dim('count', steps * (lanesAlongRow ? width : 1))})`;
  }

  /** The input at a step. */
  load({ index }: RowStep): string {
    const { inliner, request } = this.emission;
    const [input] = request.group.anchor.inputs;
    return inliner.widen(
      inliner.value(input, this.space.coords(this.row, index)),
      this.space.width,
    );
  }

  /**
   * Writes the first pass: `pivot`, the row's first element, and `mean`, that of what the elements
   * are above it. Elements that stay in registers are deviations from the pivot then.
   */
  emitMean(): void {
    const { emission, pass, type } = this;
    const { writer, inliner, request } = emission;
    const [input] = request.group.anchor.inputs;
    const first = inliner.value(input, this.space.coords(this.row, ix.zero));
    const pivot = first.width === 4 && this.space.lanesAlongRow ? `${first.code}[0]` : first.code;
    writer.statement(`let pivot = ${pivot};`);
    const sum = runningSum(emission, 'total', type, pass.trips);
    pass.run('a', (step) => {
      const { register, trip } = step;
      const shifted = `${this.load(step)} - pivot`;
      if (register) writer.statement(`${register} = ${shifted};`);
      sum.add(register ?? shifted, trip);
    });
    writer.statement(`let mean = (${this.combine('rowSum', sum.total)}) / ${this.count};`);
  }

  /**
   * Writes a pass that sums the squares of `deviation`, of which registers keep what they hold.
   * @returns the sum, as an expression.
   */
  emitSquares(deviation: (step: RowStep) => string): string {
    const { emission, pass, type, space } = this;
    const { writer, inliner } = emission;
    const squares = runningSum(emission, 'squares', type, pass.trips);
    pass.run('b', (step) => {
      const { register, trip } = step;
      const { code } = inliner.define(deviation(step), space.width, 'float32', writer.depth);
      if (register) writer.statement(`${register} = ${code};`);
      squares.add(`${code} * ${code}`, trip);
    });
    return this.combine('rowSquares', squares.total);
  }

  /** An element's deviation from the mean that {@link emitMean} has written. */
  deviation(step: RowStep): string {
    return step.register ? `${step.register} - mean` : `(${this.load(step)} - pivot) - mean`;
  }

  /** The sum of all that an invocation, and perhaps its workgroup, has added up for a row. */
  private combine(memory: string, sum: string): string {
    const { lanesAlongRow, width } = this.space;
    const lanes = lanesAlongRow && width === 4 ? `dot(${sum}, vec4<f32>(1.0))` : sum;
    const kind = lanesAlongRow ? 'f32' : this.type;
    return this.shared
      ? combineInWorkgroup(this.emission, memory, kind, lanes, (a, b) => `${a} + ${b}`)
      : lanes;
  }
}
