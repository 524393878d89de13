/**
 * Computes the value of a tensor at symbolic coordinates, in WGSL: loads what is stored, and
 * inlines whatever a kernel computes on the way (scalar ops, index maps, resizes).
 *
 * One to four elements at a time: where coordinates mention the variable `lane` (0…3), the result
 * may be a vec4 whose components are the four lanes.
 */
import type { DType, Node, Value } from '../../ir/graph';
import { sizeOf } from '../../ir/graph';
import type { CallAtom, IndexExpr } from '../../ir/index-expression';
import * as ix from '../../ir/index-expression';
import { f32Literal, i32Literal, scalarOp } from '../../ir/expression';
import { extentOf } from './index-names';
import { IndexWriter, type IndexLoop } from './index-writer';
import { scalarType, vectorType, type KernelWriter } from './kernel-writer';
import { LANE, laneStride, vectorOffset } from './lanes';
import type { Scope } from './scope';

export { LANE, laneVariable, vectorOffset } from './lanes';

/** A computed value: WGSL text that may be repeated freely. */
export interface Operand {
  readonly code: string;
  readonly width: 1 | 4;
  readonly dtype: DType;
  /** Depth of the innermost scope the text depends on. */
  readonly depth: number;
}

/** An operand, and which element of which value it is. */
interface PlacedOperand {
  readonly value: Value;
  readonly coords: readonly IndexExpr[];
  readonly operand: Operand;
}

/** How one kernel that is not a scalar op is computed at given coordinates. */
export type InlineRule = (node: Node, coords: readonly IndexExpr[], inliner: Inliner) => Operand;

/** WGSL of an opaque index; `args` writes the texts of the call's arguments, for those who need them. */
export interface IndexCallPayload {
  emit(args: () => readonly string[], inliner: Inliner, atom: CallAtom): string;
}

/** Where a stored value lives: in a buffer of its own, or as a window of another one (concat). */
export interface Storage {
  readonly buffer: Value;
  locate(coords: readonly IndexExpr[]): IndexExpr[];
}

export interface InlinerContext {
  /** The buffer a value can be loaded from, or null if this kernel has to compute it. */
  storage(value: Value): Storage | null;
  readonly rules: ReadonlyMap<string, InlineRule>;
}

/** A condition that must hold for a coordinate to lie inside a tensor. */
export interface Bounds {
  readonly coord: IndexExpr;
  readonly extent: number;
}

/**
 * Whether a coordinate can be below 0, and beyond its extent. Where a shader is to serve other sizes too, a
 * sum, such as a tap of a window or an element of a strip, may reach over the edge of those.
 */
export function missesOf(
  { coord, extent }: Bounds,
  { options }: Pick<KernelWriter, 'options'>,
): { readonly below: boolean; readonly above: boolean } {
  const isSum = coord.terms.length + (coord.offset === 0 ? 0 : 1) > 1;
  return {
    below: coord.min < 0,
    above: coord.max >= extent || (options.anySize && isSum && extent > 1),
  };
}

/** Whether a coordinate can be outside of its bounds. */
export function canMiss(bounds: Bounds, writer: Pick<KernelWriter, 'options'>): boolean {
  const { below, above } = missesOf(bounds, writer);
  return below || above;
}

/** Numbers that are no size's, nor 1 over one: a compiler may make something of them. */
const COMMON: ReadonlySet<number> = new Set([0, 1]);

/** What a load costs that is not one access, in accesses that are. */
const ELEMENTS_COST = 2;
const SCATTERED_COST = 8;

export class Inliner {
  /** Nodes whose scalar ops were written, operands first. */
  readonly applied = new Set<Node>();
  /**
   * Set while what is written hardly ever runs: it must not decide that a buffer is read element by
   * element everywhere, and picks elements out of vectors instead.
   */
  isRare = false;
  /** What the loads of vectors that were written so far cost, in accesses of a vec4. */
  loadCost = 0;
  private readonly indices: IndexWriter;
  private readonly provided = new Map<Value, PlacedOperand>();
  /** What was written in each scope, by value and coordinates, as a number. */
  private readonly written = new Map<Scope, Map<number, PlacedOperand[]>>();

  constructor(
    readonly writer: KernelWriter,
    private readonly context: InlinerContext,
  ) {
    this.indices = new IndexWriter(writer, (atom, args) =>
      (atom.payload as IndexCallPayload).emit(args, this, atom),
    );
  }

  /** While it is set, what does not change from turn to turn is computed in front of the loop. */
  get loop(): IndexLoop | null {
    return this.indices.loop;
  }

  set loop(loop: IndexLoop | null) {
    this.indices.loop = loop;
  }

  /** Declares that the kernel has `value` at `coords` in a variable (an accumulator, a row's sum). */
  provide(value: Value, coords: readonly IndexExpr[], operand: Operand): void {
    this.provided.set(value, { value, coords, operand });
  }

  /** The value of `value` at `coords`. */
  value(value: Value, coords: readonly IndexExpr[]): Operand {
    const given = this.provided.get(value);
    if (given) {
      if (ix.areSame(given.coords, coords)) return given.operand;
      const [needed, computed] = [coords, given.coords].map((list) => list.map(({ key }) => key));
      throw new Error(
        `[webgpu-fused] ${value.producer?.kernel} output needed at [${needed.join(';')}], computed at [${computed.join(';')}].`,
      );
    }
    const constant = this.scalarConstant(value);
    if (constant) return constant;
    const hash = (Math.imul(value.id, 0x9e3779b1) + ix.hashOf(coords)) | 0;
    const known = this.recall(hash, value, coords);
    if (known) return known;
    const storage = this.context.storage(value);
    const operand = storage
      ? this.load(storage.buffer, storage.locate(coords))
      : this.compute(value, coords);
    this.remember(hash, { value, coords, operand });
    return operand;
  }

  /** The same of what is only moved: a constant that nothing is computed with makes no shader of its own. */
  moved(value: Value, coords: readonly IndexExpr[]): Operand {
    const scalar = this.provided.has(value) ? undefined : scalarHost(value);
    if (scalar === undefined || !Number.isFinite(scalar)) return this.value(value, coords);
    const { uniforms } = this.writer;
    const isFloat = value.dtype === 'float32';
    const code = isFloat ? uniforms.number(scalar) : uniforms.size(scalar, 'fill', '');
    return { code, width: 1, dtype: value.dtype, depth: 0 };
  }

  /** What this scope, or one around it, has of `value` at `coords`. */
  private recall(hash: number, value: Value, coords: readonly IndexExpr[]): Operand | null {
    for (let scope: Scope | null = this.writer.currentScope; scope; scope = scope.parent) {
      for (const known of this.written.get(scope)?.get(hash) ?? []) {
        if (known.value === value && ix.areSame(known.coords, coords)) return known.operand;
      }
    }
    return null;
  }

  /** Computes lane by lane and packs; for what has no vector form. */
  perLane(coords: readonly IndexExpr[], compute: (coords: IndexExpr[]) => Operand): Operand {
    this.loadCost += SCATTERED_COST;
    const lanes = [0, 1, 2, 3].map((lane) => {
      const env = new Map([[LANE, ix.constant(lane)]]);
      return compute(coords.map((coord) => ix.substitute(coord, env)));
    });
    const depth = Math.max(...lanes.map((lane) => lane.depth));
    const { dtype } = lanes[0];
    const code = `${vectorType(dtype, 4)}(${lanes.map((lane) => lane.code).join(', ')})`;
    return this.define(code, 4, dtype, depth);
  }

  /**
   * `inside ? value : otherwise`, where `inside` says that all coordinates are in bounds. Both are
   * computed: a load at coordinates out of bounds may answer anything.
   */
  guard(bounds: readonly Bounds[], dtype: DType, otherwise: number, value: () => Operand): Operand {
    const needed = bounds.filter((bound) => canMiss(bound, this.writer));
    if (needed.length === 0) return value();
    if (needed.some(({ coord, extent }) => coord.max < 0 || coord.min >= extent)) {
      return { code: this.literal(otherwise, dtype), width: 1, dtype, depth: 0 };
    }
    const operand = value();
    const test = this.condition(needed);
    const fill = this.literal(otherwise, operand.dtype);
    const width = test.width === 4 || operand.width === 4 ? 4 : 1;
    const type = vectorType(operand.dtype, width);
    return this.define(
      `select(${width === 4 ? `${type}(${fill})` : fill}, ${this.widen(operand, width)}, ${test.code})`,
      width,
      operand.dtype,
      Math.max(operand.depth, test.depth),
    );
  }

  /** Text of a bounds check: a bool, or a vec4<bool> where the lanes differ. */
  condition(bounds: readonly Bounds[]): { code: string; width: 1 | 4; depth: number } {
    const perLane = bounds.some(({ coord }) => ix.mentions(coord, LANE));
    const depth = Math.max(...bounds.map(({ coord }) => this.depthOf(coord)));
    const test = (lane: IndexExpr): string => {
      const env = new Map([[LANE, lane]]);
      // Parentheses: `name < a, b > c` among arguments would be a template list (WGSL, 3.9).
      return bounds
        .flatMap((bound) => {
          const { coord, extent } = bound;
          const { below, above } = missesOf(bound, this.writer);
          const code = this.index(ix.substitute(coord, env));
          if (extent === 1 && coord.min < 0 && coord.max >= 1) return [`${code} == 0`];
          return [
            ...(below ? [`${code} >= 0`] : []),
            ...(above
              ? [`(${code}) < ${this.writer.uniforms.size(extent, '', extentOf(coord))}`]
              : []),
          ];
        })
        .join(' && ');
    };
    if (!perLane) return { code: test(ix.zero), width: 1, depth };
    const lanes = [0, 1, 2, 3].map((lane) => test(ix.constant(lane)));
    return { code: `vec4<bool>(${lanes.join(', ')})`, width: 4, depth };
  }

  /** Names `code`, unless it is as short as a name. */
  define(code: string, width: 1 | 4, dtype: DType, depth: number): Operand {
    const placed = Math.min(depth, this.writer.depth);
    const simple = /^[A-Za-z_][\w.]*$/.test(code);
    return { code: simple ? code : this.writer.let(code, placed), width, dtype, depth: placed };
  }

  /** Text of an operand at `width`; one lane is repeated. */
  widen(operand: Operand, width: 1 | 4): string {
    return operand.width === width
      ? operand.code
      : `${vectorType(operand.dtype, width)}(${operand.code})`;
  }

  /** A literal of a dtype. */
  literal(value: number, dtype: DType): string {
    if (scalarType(dtype) === 'i32') return i32Literal(value);
    return Number.isFinite(value) ? f32Literal(value) : this.writer.uniforms.special(value);
  }

  /** WGSL text of an index; `scope` names the buffer it belongs to. */
  index(expr: IndexExpr, scope?: string): string {
    return this.indices.index(expr, scope);
  }

  /** Depth of the innermost variable an index depends on. */
  depthOf(expr: Pick<IndexExpr, 'terms'>): number {
    return this.indices.depthOf(expr);
  }

  /** Stores four lanes or one element of `value` at `coords`; `inside` guards single lanes. */
  store(
    buffer: Value,
    coords: readonly IndexExpr[],
    operand: Operand,
    width: 1 | 4,
    inside?: (lane: number) => string,
  ): void {
    const { writer } = this;
    const binding = writer.bind(buffer, 'read_write');
    const offset = ix.linearize(coords, buffer.shape);
    if (width === 1) {
      writer.requireScalar(buffer);
      writer.statement(`${binding.name}[${this.index(offset, binding.name)}] = ${operand.code};`);
      return;
    }
    const vector = inside ? null : vectorOffset(offset);
    if (vector && writer.isVector(buffer)) {
      const at = this.index(vector, binding.name);
      writer.statement(`${binding.name}[${at}] = ${this.widen(operand, 4)};`);
      return;
    }
    if (!vector) writer.requireScalar(buffer);
    for (let lane = 0; lane < 4; lane++) {
      const at = ix.substitute(offset, new Map([[LANE, ix.constant(lane)]]));
      const code = operand.width === 4 ? `${operand.code}[${lane}]` : operand.code;
      const write = `${binding.name}[${this.index(at, binding.name)}] = ${code};`;
      writer.statement(inside ? `if (${inside(lane)}) { ${write} }` : write);
    }
  }

  private load(buffer: Value, coords: readonly IndexExpr[]): Operand {
    const { writer } = this;
    const { name } = writer.bind(buffer, 'read');
    const offset = ix.linearize(coords, buffer.shape);
    const depth = this.depthOf(offset);
    if (!ix.mentions(offset, LANE)) {
      return this.define(this.element(buffer, name, offset), 1, buffer.dtype, depth);
    }
    const vector = vectorOffset(offset);
    if (vector && writer.isVector(buffer)) {
      this.loadCost += 1;
      return this.define(`${name}[${this.loadIndex(vector, name)}]`, 4, buffer.dtype, depth);
    }
    this.loadCost += laneStride(offset) === 1 ? ELEMENTS_COST : SCATTERED_COST;
    const elements = [0, 1, 2, 3].map((lane) => {
      const at = ix.substitute(offset, new Map([[LANE, ix.constant(lane)]]));
      return this.element(buffer, name, at, vector !== null);
    });
    const type = vectorType(buffer.dtype, 4);
    return this.define(`${type}(${elements.join(', ')})`, 4, buffer.dtype, depth);
  }

  /** One element of a buffer; `isAligned` if four of them are a vector of it, should it be one. */
  private element(buffer: Value, name: string, offset: IndexExpr, isAligned = false): string {
    const { writer } = this;
    const index = this.loadIndex(offset, name);
    if (this.isRare && writer.isVector(buffer)) return `${name}[(${index}) >> 2u][(${index}) & 3]`;
    if (!isAligned && !this.isRare) writer.requireScalar(buffer);
    return `${name}[${index}]`;
  }

  /** Out of bounds, a variable index is clamped by WebGPU, but a constant one is a mistake. */
  private loadIndex(offset: IndexExpr, buffer: string): string {
    return this.index(ix.isConstant(offset) && offset.offset < 0 ? ix.zero : offset, buffer);
  }

  private compute(value: Value, coords: readonly IndexExpr[]): Operand {
    const node = value.producer;
    if (!node)
      throw new Error(`[webgpu-fused] value ${value.name} is neither stored nor computed.`);
    const rule = this.context.rules.get(node.kernel);
    return this.writer.by(node, () =>
      rule ? rule(node, coords, this) : this.applyScalarOp(node, coords),
    );
  }

  private applyScalarOp(node: Node, coords: readonly IndexExpr[]): Operand {
    const op = scalarOp(node.kernel);
    if (!op) throw new Error(`[webgpu-fused] ${node.kernel} cannot be computed inside a kernel.`);
    const [output] = node.outputs;
    const args = node.inputs.map((input) =>
      this.value(input, broadcastCoords(coords, output.shape, input.shape)),
    );
    this.applied.add(node);
    const width = args.some((arg) => arg.width === 4) ? 4 : 1;
    const depth = Math.max(0, ...args.map((arg) => arg.depth));
    const splat = (code: string): string =>
      width === 1 ? code : `${vectorType('float32', 4)}(${code})`;
    const { writer } = this;
    const code = op.wgsl(
      args.map((arg) => this.widen(arg, width)),
      {
        width,
        types: args.map((arg) => arg.dtype),
        type: output.dtype,
        attrs: node.attrs,
        constants: node.inputs.map((input) => scalarHost(input)),
        helper: (name, source) => writer.helper(name, source),
        get nan() {
          return splat(writer.uniforms.special(NaN));
        },
        get infinity() {
          return splat(writer.uniforms.special(Infinity));
        },
      },
    );
    return this.define(code, width, output.dtype, depth);
  }

  private scalarConstant(value: Value): Operand | null {
    const scalar = scalarHost(value);
    if (scalar === undefined) return null;
    const mayVary = this.writer.options.anySize && value.dtype === 'float32';
    if (mayVary && Number.isFinite(scalar) && !COMMON.has(Math.abs(scalar))) {
      return { code: this.writer.uniforms.number(scalar), width: 1, dtype: value.dtype, depth: 0 };
    }
    return { code: this.literal(scalar, value.dtype), width: 1, dtype: value.dtype, depth: 0 };
  }

  private remember(hash: number, placed: PlacedOperand): void {
    const scope = this.writer.scopeAt(placed.operand.depth);
    let inScope = this.written.get(scope);
    if (!inScope) this.written.set(scope, (inScope = new Map<number, PlacedOperand[]>()));
    const others = inScope.get(hash);
    if (others) others.push(placed);
    else inScope.set(hash, [placed]);
  }
}

/** Coordinates in an operand of `from` for coordinates of a result of `shape` (NumPy broadcasting). */
export function broadcastCoords(
  coords: readonly IndexExpr[],
  shape: readonly number[],
  from: readonly number[],
): readonly IndexExpr[] {
  const skip = shape.length - from.length;
  if (skip === 0 && !from.includes(1)) return coords;
  // One of one is where the result is, which may have been given a coordinate that other sizes need.
  const isSpread = (dim: number, axis: number): boolean => dim === 1 && shape[axis + skip] !== 1;
  return from.map((dim, axis) => (isSpread(dim, axis) ? ix.zero : coords[axis + skip]));
}

/** The number of a one-element constant that the host knows. */
function scalarHost(value: Value): number | undefined {
  return sizeOf(value.shape) === 1 ? value.constant?.host?.[0] : undefined;
}
