/**
 * Layer, RMS, instance, group and L2 normalisation in one dispatch. A row (what the statistics are
 * taken over) belongs to an invocation or, if rows are few and long, to a workgroup, which keeps it
 * in registers between the passes.
 *
 * The variance is that of deviations from the mean, in two passes, on data shifted by the row's
 * first element: Chan, Golub and LeVeque, "Algorithms for Computing the Sample Variance" (1983).
 * A row of equal values has deviations of exactly 0, whatever its magnitude.
 */
import { nan } from '../ir/expression';
import type { Node } from '../ir/graph';
import { sizeOf } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import type { KernelEmission } from './emit';
import { emitKernel, WORKGROUP_SIZE } from './emit';
import type { FusedKernel, KernelTarget } from './kernel';
import { runningSum } from './running-sum';
import { ownerThreads } from './shared-output';
import { laneVariable, type Operand } from './wgsl/inliner';
import { vectorType, type ShaderProgram } from './wgsl/kernel-writer';
import { combineInWorkgroup } from './workgroup-combine';

export type NormalizeForm = 'layer' | 'rms' | 'l2';

/** Longest piece of a row that an invocation keeps in registers. */
const MAX_REGISTERS = 8;

/** Which coordinates rows and their elements have, and where the lanes of a vec4 lie. */
interface RowSpace {
  /** Rows and steps along one, in vectors. */
  readonly rows: number;
  readonly steps: number;
  readonly width: 1 | 4;
  /** True if a vec4 is four elements of one row, false if it is one element of four rows. */
  readonly lanesAlongRow: boolean;
  coords(row: IndexExpr, step: IndexExpr): IndexExpr[];
}

function rowSpace(node: Node): RowSpace {
  const { shape } = node.outputs[0];
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
interface Step {
  readonly index: IndexExpr;
  readonly register: string | null;
  readonly trip: string;
}

interface Pass {
  /** Calls `body` for every step of the row that is this invocation's, in a loop or unrolled. */
  readonly run: (name: string, body: (step: Step) => void) => void;
  /** Steps that are an invocation's, at most. */
  readonly trips: number;
}

function makePass(emission: KernelEmission, space: RowSpace, shared: boolean): Pass {
  const { writer } = emission;
  const { steps } = space;
  const registers = Math.ceil(steps / WORKGROUP_SIZE);
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
      if ((i + 1) * WORKGROUP_SIZE <= steps) writer.block('', visit);
      else writer.block(`if (step${i} < ${writer.dim('steps', steps)})`, visit);
    }
  };
  return { run, trips: registers };
}

function emitNormalize(emission: KernelEmission): ShaderProgram {
  const { writer, inliner, request } = emission;
  const { anchor } = request.group;
  const [input] = anchor.inputs;
  const form = anchor.attrs.form as NormalizeForm;
  const space = rowSpace(anchor);
  const { rows, steps, width, lanesAlongRow } = space;
  const shared = isShared(space, request.target);
  const type = vectorType('float32', width);
  const row = ix.variable('row', rows);
  const threads = ownerThreads(emission, rows, shared, 'row');
  const pass = makePass(emission, space, shared);
  const load = ({ index }: Step): string =>
    inliner.widen(inliner.value(input, space.coords(row, index)), width);
  const combine = (memory: string, sum: string): string => {
    const lanes = lanesAlongRow && width === 4 ? `dot(${sum}, vec4<f32>(1.0))` : sum;
    const kind = lanesAlongRow ? 'f32' : type;
    return shared
      ? combineInWorkgroup(emission, memory, kind, lanes, (a, b) => `${a} + ${b}`)
      : lanes;
  };
  const count = `f32(${writer.dim('count', steps * (lanesAlongRow ? width : 1))})`;

  // Deviation of an element: from the row's mean for `layer`, from 0 for the others.
  let deviation = (x: string): string => x;
  let fromRegister = (x: string): string => x;
  if (form === 'layer') {
    const first = inliner.value(input, space.coords(row, ix.zero));
    const pivot = first.width === 4 && lanesAlongRow ? `${first.code}[0]` : first.code;
    writer.statement(`let pivot = ${pivot};`);
    const sum = runningSum(emission, 'total', type, pass.trips);
    pass.run('a', (step) => {
      const { register, trip } = step;
      const shifted = `${load(step)} - pivot`;
      if (register) writer.statement(`${register} = ${shifted};`);
      sum.add(register ?? shifted, trip);
    });
    writer.statement(`let mean = (${combine('rowSum', sum.total)}) / ${count};`);
    deviation = (x) => `(${x} - pivot) - mean`;
    fromRegister = (x) => `${x} - mean`;
  }
  const squares = runningSum(emission, 'squares', type, pass.trips);
  pass.run('b', (step) => {
    const { register, trip } = step;
    const first = form !== 'layer' || register === null;
    const code = first ? deviation(load(step)) : fromRegister(register);
    const { code: d } = inliner.define(code, width, 'float32', writer.depth);
    if (register) writer.statement(`${register} = ${d};`);
    squares.add(`${d} * ${d}`, trip);
  });
  const sum = combine('rowSquares', squares.total);
  const epsilon = inliner.literal(anchor.attrs.epsilon as number, 'float32');
  const sumWidth = lanesAlongRow ? 1 : width;
  const power =
    form === 'l2'
      ? nan.max.call(
          writer.helpersOf(sumWidth),
          sum,
          sumWidth === 1 ? epsilon : `${type}(${epsilon})`,
        )
      : `(${sum}) / ${count} + ${epsilon}`;
  writer.statement(`let inverse = inverseSqrt(${power});`);

  pass.run('c', (step) => {
    const code = `(${step.register ?? deviation(load(step))}) * inverse`;
    const operand: Operand = inliner.define(code, width, 'float32', writer.depth);
    emission.epilogue(space.coords(row, step.index), operand, width);
  });
  return writer.finish(emission.title, threads.workgroups, threads.parameters);
}

export const normalizeKernel: FusedKernel = {
  name: 'normalize',
  anchors: ['Normalize'],
  refuse: () => null,
  reuse: () => 3,
  storesInput: true,
  generate: (request) => emitKernel(request, emitNormalize),
};
