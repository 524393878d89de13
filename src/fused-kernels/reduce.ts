/**
 * Reductions over any axes. An invocation owns an output (four neighbouring ones where they are
 * contiguous) and loops over what is reduced, four elements at a time where those are contiguous;
 * where outputs are few, the invocations of a workgroup share one and combine through workgroup
 * memory.
 */
import { nan } from '../ir/expression';
import type { DType, Node } from '../ir/graph';
import { sizeOf } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import type { KernelEmission } from './emit';
import { emitKernel, WORKGROUP_SIZE } from './emit';
import type { FusedKernel, KernelTarget } from './kernel';
import { runningSum } from './running-sum';
import { ownerThreads } from './shared-output';
import { combineInWorkgroup } from './workgroup-combine';
import { laneVariable, type Operand } from './wgsl/inliner';
import { type KernelWriter, vectorType, type ShaderProgram } from './wgsl/kernel-writer';

interface Combiner {
  /** Neutral element, as a number. */
  readonly initial: number;
  /** `accumulator` combined with `x`, as an expression; both are names. */
  readonly combine: (accumulator: string, x: string, width: 1 | 4) => string;
  /** The same where neither is NaN, if that is cheaper: a loop notes NaN beside it (`NanWatch`). */
  readonly combineNumbers?: (accumulator: string, x: string) => string;
}

const INT_MIN = -2147483648;
const INT_MAX = 2147483647;

type MakeCombiner = (dtype: DType, writer: KernelWriter) => Combiner;

const operator =
  (symbol: string, initial: number): MakeCombiner =>
  () => ({ initial, combine: (acc, x) => `${acc} ${symbol} ${x}` });

const truths =
  (builtin: 'max' | 'min', initial: number): MakeCombiner =>
  () => ({ initial, combine: (acc, x) => `${builtin}(${acc}, ${x})` });

/** NaN wins, as in tfjs's cpu kernels. */
const extremum =
  (builtin: 'max' | 'min', neutral: Readonly<{ float32: number; int32: number }>): MakeCombiner =>
  (dtype, writer) =>
    dtype === 'float32'
      ? {
          initial: neutral.float32,
          combine: (acc, x, width) => nan[builtin].call(writer.helpersOf(width), acc, x),
          combineNumbers: (acc, x) => `${builtin}(${acc}, ${x})`,
        }
      : { initial: neutral.int32, combine: (acc, x) => `${builtin}(${acc}, ${x})` };

const combiners: Readonly<Record<string, MakeCombiner>> = {
  Sum: operator('+', 0),
  Mean: operator('+', 0),
  Prod: operator('*', 1),
  Max: extremum('max', { float32: -Infinity, int32: INT_MIN }),
  Min: extremum('min', { float32: Infinity, int32: INT_MAX }),
  // What is not 0 is true: tfjs adds truth values as numbers.
  All: truths('min', 1),
  Any: truths('max', 0),
};

/** Kernels whose combination is an addition, which {@link runningSum} does with fewer roundings. */
const ADDS: ReadonlySet<string> = new Set(['Sum', 'Mean']);

/** The loops of one reduction: which output coordinates, and which reduced element. */
interface ReductionSpace {
  readonly outerShape: readonly number[];
  readonly innerShape: readonly number[];
  /** Input coordinates for an output (flat index among outputs) and a reduced element. */
  coords(outer: readonly IndexExpr[], inner: readonly IndexExpr[]): IndexExpr[];
}

function reductionSpace(node: Node): ReductionSpace {
  const { shape } = node.inputs[0];
  const axes = new Set(node.attrs.axes as number[]);
  const kept = shape.map((_, axis) => axis).filter((axis) => !axes.has(axis));
  const reduced = shape.map((_, axis) => axis).filter((axis) => axes.has(axis));
  return {
    outerShape: kept.map((axis) => shape[axis]),
    innerShape: reduced.map((axis) => shape[axis]),
    coords: (outer, inner) => {
      const coords = new Array<IndexExpr>(shape.length);
      kept.forEach((axis, i) => (coords[axis] = outer[i]));
      reduced.forEach((axis, i) => (coords[axis] = inner[i]));
      return coords;
    },
  };
}

/**
 * Whether a workgroup shares one output (or four): few outputs, much to reduce. Where outputs are so few
 * that as many workgroups are all that the device runs at once, half a workgroup of terms is much.
 */
function isShared(
  outputs: number,
  reduced: number,
  { busyInvocations, maxSplitRows, anySize }: KernelTarget,
): boolean {
  if (outputs >= busyInvocations) return false;
  // Where barriers cost more than they win, only long reductions are shared.
  const isFew = maxSplitRows > 0 && outputs * (WORKGROUP_SIZE / 2) <= busyInvocations;
  // Of many sizes, those of a few terms are not worth a shader of their own.
  if (isFew && anySize) return reduced > 1;
  return reduced >= (isFew ? WORKGROUP_SIZE / 2 : 2 * WORKGROUP_SIZE);
}

function emitReduction(emission: KernelEmission): ShaderProgram {
  const { writer, inliner, request } = emission;
  const { anchor } = request.group;
  const [input] = anchor.inputs;
  const [output] = anchor.outputs;
  const space = reductionSpace(anchor);
  const outer = sizeOf(space.outerShape);
  const inner = sizeOf(space.innerShape);
  // Four neighbouring inputs belong to four neighbouring outputs where the last axis is kept, and
  // to one output elsewhere.
  const lastKept = !(anchor.attrs.axes as number[]).includes(input.shape.length - 1);
  const lanes = input.shape[input.shape.length - 1] % 4 === 0 ? 4 : 1;
  const width = lastKept ? lanes : 1;
  const step = lastKept ? 1 : lanes;
  const outputs = outer / width;
  const shared = isShared(outputs, inner, request.target);
  const steps = inner / step;

  const dtype: DType = anchor.kernel === 'Mean' ? 'float32' : input.dtype;
  const combiner = combiners[anchor.kernel](dtype, writer);
  const initial = inliner.literal(combiner.initial, dtype);

  const threads = ownerThreads(emission, outputs, shared);
  const owner = ix.variable('o', outputs);
  const flat = width === 4 ? ix.add(ix.scale(owner, 4), laneVariable) : owner;
  const type = vectorType(dtype, lanes);
  const adds = dtype === 'float32' && ADDS.has(anchor.kernel);
  const trips = Math.ceil(steps / (shared ? WORKGROUP_SIZE : 1));
  const sum = adds ? runningSum(emission, 'sum', type, trips) : null;
  if (!sum) writer.statement(`var acc = ${type}(${initial});`);
  const watch = combiner.combineNumbers ? new NanWatch(writer, lanes) : null;
  const start = shared ? 'i32(local.x)' : '0';
  const stride = shared ? WORKGROUP_SIZE : 1;
  const bound = step === 1 ? writer.dim('reduced', inner) : writer.dim('steps', steps);
  writer.block(`for (var r = ${start}; r < ${bound}; r += ${stride})`, () => {
    writer.defineVariable('r');
    const at = ix.variable('r', steps);
    const flatElement = step === 4 ? ix.add(ix.scale(at, 4), laneVariable) : at;
    const element = ix.delinearize(flatElement, space.innerShape);
    const x = inliner.value(input, space.coords(ix.delinearize(flat, space.outerShape), element));
    const wide = toDType(inliner, x, dtype, lanes);
    if (sum) sum.add(wide, shared ? `(r / ${WORKGROUP_SIZE})` : 'r');
    else {
      const both = combiner.combineNumbers?.('acc', wide) ?? combiner.combine('acc', wide, lanes);
      writer.statement(`acc = ${both};`);
      watch?.note(wide);
    }
  });
  watch?.apply('acc');
  if (sum) writer.statement(`let acc = ${sum.total};`);

  const { combine } = combiner;
  let code = 'acc';
  if (step === 4) {
    const [low, high] = [combine('acc.x', 'acc.y', 1), combine('acc.z', 'acc.w', 1)];
    code = writer.let(combine(writer.let(low, 0), writer.let(high, 0), 1), 0);
  }
  if (shared) {
    const join = (a: string, b: string): string => combine(a, b, width);
    code = combineInWorkgroup(emission, 'partial', vectorType(dtype, width), code, join);
  }
  if (anchor.kernel === 'Mean') {
    code = writer.let(`${code} / f32(${writer.dim('reduced', inner)})`, 0);
  }
  const result: Operand = { code, width, dtype: output.dtype, depth: 0 };
  const outCoords = ix.delinearize(flat, space.outerShape);
  const coords = keptCoords(anchor, outCoords);
  const store = (): void => emission.epilogue(coords, result, width);
  if (shared) writer.block('if (local.x == 0u)', store);
  else store();
  return writer.finish(emission.title, threads.workgroups, threads.parameters);
}

/**
 * Notes whether any of many values is NaN, by their bits: the largest magnitude of a NaN is above that of
 * infinity. An `and` and a `max` a value, which wait for nothing that the loop computes.
 */
class NanWatch {
  private readonly type: string;

  constructor(
    private readonly writer: KernelWriter,
    width: 1 | 4,
  ) {
    this.type = width === 4 ? 'vec4<u32>' : 'u32';
    writer.statement(`var bits = ${this.type}(0u);`);
  }

  note(x: string): void {
    this.writer.statement(
      `bits = max(bits, bitcast<${this.type}>(${x}) & ${this.type}(0x7fffffffu));`,
    );
  }

  /** Makes NaN of those elements of a variable where there was one. */
  apply(name: string): void {
    const float = this.type.replace('u32', 'f32');
    this.writer.statement(
      `${name} = select(${name}, ${float}(${this.writer.uniforms.special(NaN)}), bits > ${this.type}(0x7f800000u));`,
    );
  }
}

function toDType(
  inliner: KernelEmission['inliner'],
  x: Operand,
  dtype: DType,
  width: 1 | 4,
): string {
  const wide = inliner.widen(x, width);
  const same = (x.dtype === 'float32') === (dtype === 'float32');
  return inliner.define(same ? wide : `${vectorType(dtype, width)}(${wide})`, width, dtype, x.depth)
    .code;
}

/** Coordinates of a reduction's result, given those of the dimensions that are kept. */
export function keptCoords(node: Node, outer: readonly IndexExpr[]): readonly IndexExpr[] {
  if (!node.attrs.keepDims) return outer;
  const axes = new Set(node.attrs.axes as number[]);
  let next = 0;
  return node.inputs[0].shape.map((_, axis) => (axes.has(axis) ? ix.zero : outer[next++]));
}

export const reduceKernel: FusedKernel = {
  name: 'reduce',
  anchors: Object.keys(combiners),
  refuse: (node) =>
    sizeOf(node.inputs[0].shape) === 0 ? 'reducing no elements is left to tfjs' : null,
  reuse: () => 1,
  generate: (request) => emitKernel(request, emitReduction),
};
