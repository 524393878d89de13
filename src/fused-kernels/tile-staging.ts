/**
 * How an operand of a product gets into workgroup memory: the invocations of a workgroup take turns
 * in loading its vectors, computing whatever is inlined there, once for each element.
 *
 * In memory A is `[row][k / 4]` and B is `[k][column / 4]`, vectors of four each. Where an operand's
 * neighbours in global memory are along its other axis, four vectors are loaded along that and
 * transposed in registers, so that every invocation still stores whole vectors: two that wrote parts
 * of one would race (WGSL, section "Memory Model").
 */
import { sizeOf } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import type { DepthRange } from './depth-range';
import type { KernelEmission } from './emit';
import type { LaneAxis } from './kernel';
import type { ProductTile } from './product-tiles';
import { laneVariable, type Operand } from './wgsl/inliner';
import type { LoopCounters } from './wgsl/loop-counters';

/** An operand to be staged. */
export interface StagedOperand {
  /** What its variables begin with. */
  readonly name: string;
  readonly side: 'left' | 'right';
  readonly lanes: LaneAxis;
  /** Rows or columns of the whole operand, and those of a tile. */
  readonly extent: number;
  readonly tileExtent: number;
  /** Text of `tile · size + `, where `tile` is the number of the tile along that axis. */
  firstInTile(size: number): string;
  /** Its first vector in workgroup memory. */
  readonly offset: number;
  load(window: readonly IndexExpr[], k: IndexExpr, span: IndexExpr): Operand;
}

/** A vector, and the same with zeros beyond the last k. */
interface LoadedVector {
  readonly code: string;
  /** Writes it where it is first asked for. */
  guarded(): string;
}

interface StagedVector extends LoadedVector {
  readonly address: string;
  /** Condition under which an invocation has such a vector at all; '' if all have. */
  readonly owner: string;
}

/** The vectors of one operand that an invocation stages, turn by turn of the loop over k. */
export class OperandStaging {
  /** Vectors that are loaded along the other axis than they are stored. */
  private readonly transposed: boolean;
  private readonly vectorsInStep: number;
  /** Items of work: a vector, or four that are transposed. */
  private readonly items: number;
  /** Items of an invocation, and how far apart they are along the axis that lanes are not on. */
  private readonly turns: number;
  private readonly stride: number;
  private readonly spans: readonly IndexExpr[];
  /** Where along k: in vectors, or in elements where vectors are along the other axis. */
  private readonly position: IndexExpr;
  /** What the position consists of, where that is the same for all vectors of an invocation. */
  private readonly digits: readonly IndexExpr[] | null;

  constructor(
    private readonly emission: KernelEmission,
    private readonly operand: StagedOperand,
    private readonly tile: ProductTile,
    private readonly range: DepthRange,
    counters: LoopCounters,
    firstStep: string,
  ) {
    const { writer } = emission;
    const { name, lanes, side, tileExtent } = operand;
    this.transposed = (side === 'left') !== (lanes === 'depth');
    this.vectorsInStep = tile.depth / 4;
    this.items = (tile.depth * tileExtent) / (this.transposed ? 16 : 4);
    this.turns = Math.ceil(this.items / tile.invocations);
    // Neighbouring invocations load neighbouring vectors.
    const row = lanes === 'depth' ? this.vectorsInStep : tileExtent / 4;
    this.stride = tile.invocations / row;
    writer.statement(`let ${name}Inner = thread % ${row};`);
    writer.statement(`let ${name}Outer = thread / ${row};`);
    this.spans = this.nameSpans();

    const step = this.isInVectors ? this.vectorsInStep : tile.depth;
    const shape = this.shapeOfDepth();
    const inStep = `${name}${lanes === 'depth' ? 'Inner' : 'Outer'}`;
    const start = firstStep === '0' ? inStep : `${firstStep} * ${step} + ${inStep}`;
    this.position = counters.count(`${name}At`, start, step, sizeOf(shape));
    this.digits =
      range.window.length > 0 && lanes === 'depth'
        ? counters.digits(
            [...range.window.map((loop) => name + capitalized(loop.name)), `${name}Channel`],
            this.position,
            step,
            shape,
          )
        : null;
  }

  private get isInVectors(): boolean {
    return this.operand.lanes === 'depth' || this.transposed;
  }

  /** What positions are counted through: window, and vectors or elements of each tap. */
  private shapeOfDepth(): number[] {
    const { window, depth } = this.range;
    const vectors = Math.ceil(depth / 4);
    const elements = window.length > 0 ? 4 * vectors : depth;
    return [...window.map(({ extent }) => extent), this.isInVectors ? vectors : elements];
  }

  /** Rows or columns of the vectors of an invocation; beyond the edge the last one is repeated. */
  private nameSpans(): IndexExpr[] {
    const { operand, transposed } = this;
    const { name, lanes, extent, tileExtent } = operand;
    const { anySize } = this.emission.writer.options;
    const isRagged = anySize || extent % tileExtent !== 0;
    const isAcross = lanes === 'span';
    const unit = isAcross || transposed ? 4 : 1;
    const turns = isAcross ? 1 : this.turns;
    const spans = Array.from({ length: turns }, (_, turn) => {
      const end = isAcross ? 'Inner' : 'Outer';
      const code = `${operand.firstInTile(tileExtent / unit)}${name}${end}${plus(turn * this.stride)}`;
      return this.nameSpan(`${name}Span${turn}`, code, unit, isRagged);
    });
    return isAcross ? [ix.add(ix.scale(spans[0], 4), laneVariable)] : spans;
  }

  private nameSpan(name: string, code: string, unit: number, isRagged: boolean): IndexExpr {
    const { writer } = this.emission;
    const count = Math.ceil(this.operand.extent / unit);
    const last = writer.uniform(`${this.operand.name}Last`, count - 1);
    writer.statement(`let ${name} = ${isRagged ? `min(${code}, ${last})` : code};`);
    writer.defineVariable(name);
    return ix.variable(name, count);
  }

  /** Loads what this turn of the loop stages. */
  load(): StagedVector[] {
    return Array.from({ length: this.turns }, (_, turn) => {
      const left = this.items - turn * this.tile.invocations;
      const owner = left < this.tile.invocations ? `thread < ${left}` : '';
      return this.loadItem(turn).map((vector) => ({ ...vector, owner }));
    }).flat();
  }

  private loadItem(turn: number): Omit<StagedVector, 'owner'>[] {
    const { operand, tile, transposed } = this;
    const { lanes, offset, load, name } = operand;
    const along = turn * this.stride;
    if (!transposed) {
      const address = `thread${plus(offset + turn * tile.invocations)}`;
      return lanes === 'depth'
        ? [{ address, ...this.loadVector(0, 0, true, (w, k) => load(w, k, this.spans[turn])) }]
        : [{ address, ...this.loadVector(along, 0, false, (w, k) => load(w, k, this.spans[0])) }];
    }
    const lanesOf = [0, 1, 2, 3];
    const vectors = lanesOf.map((lane) => {
      if (lanes === 'span') {
        return this.loadVector(along, lane, false, (w, k) => load(w, k, this.spans[0]));
      }
      const span = ix.shift(ix.scale(this.spans[turn], 4), lane);
      return this.loadVector(0, 0, true, (w, k) => load(w, k, span));
    });
    const row = lanes === 'depth' ? operand.tileExtent / 4 : this.vectorsInStep;
    return lanesOf.map((lane) => ({
      address: `${name}Inner * ${4 * row} + ${name}Outer${plus(offset + along + lane * row)}`,
      code: transposedLane(
        vectors.map(({ code }) => code),
        lane,
      ),
      guarded: () =>
        transposedLane(
          vectors.map(({ guarded }) => guarded()),
          lane,
        ),
    }));
  }

  /** A vector at `position + shift`, element `step` of that vector of k where lanes are elsewhere. */
  private loadVector(
    shift: number,
    step: number,
    alongDepth: boolean,
    load: (window: readonly IndexExpr[], k: IndexExpr) => Operand,
  ): LoadedVector {
    const { inliner, writer } = this.emission;
    const { window, begin, depth } = this.range;
    const shape = this.shapeOfDepth();
    const position = ix.shift(this.position, shift);
    // Without a window the position is k, which counts on beyond a depth of one as well.
    const digits =
      this.digits ?? (window.length === 0 ? [position] : ix.delinearize(position, shape));
    const last = digits[digits.length - 1];
    const first = this.isInVectors ? ix.shift(ix.scale(last, 4), step) : last;
    const operand = load(
      digits.slice(0, -1),
      ix.shift(alongDepth ? ix.add(first, laneVariable) : first, begin),
    );
    const isInside = (): string => {
      const limit = writer.uniform(`${this.operand.name}Depth`, depth);
      const tests = (alongDepth ? [0, 1, 2, 3] : [0]).map(
        (lane) => `${inliner.index(ix.shift(first, lane))} < ${limit}`,
      );
      return alongDepth ? `vec4<bool>(${tests.join(', ')})` : tests[0];
    };
    const select = (code: string, test: string): string =>
      `select(vec4<f32>(0.0), ${code}, ${test})`;
    const hasGaps = depth % 4 !== 0;
    const loaded = inliner.widen(operand, 4);
    const code =
      hasGaps && window.length > 0
        ? writer.let(select(loaded, isInside()), writer.depth)
        : inliner.define(loaded, 4, 'float32', operand.depth).code;
    let guarded: string | undefined;
    return {
      code,
      guarded: () => {
        const end = (): string => writer.uniform(`${this.operand.name}End`, sizeOf(shape));
        const test =
          hasGaps && window.length === 0 ? isInside() : `${inliner.index(position)} < ${end()}`;
        guarded ??= writer.let(select(code, test), writer.depth);
        return guarded;
      },
    };
  }
}

/** The vector of the elements `lane` of four vectors. */
function transposedLane(vectors: readonly string[], lane: number): string {
  return `vec4<f32>(${vectors.map((vector) => `${vector}[${lane}]`).join(', ')})`;
}

const capitalized = (name: string): string => name[0].toUpperCase() + name.slice(1);

/** Text that adds a constant. */
export const plus = (offset: number): string => (offset === 0 ? '' : ` + ${offset}`);
