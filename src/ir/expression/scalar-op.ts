/** dtypes of elementwise values. In WGSL: f32, i32, and i32 for bool: 0 is false; tfjs's sums are not only 1. */
export type ScalarType = 'float32' | 'int32' | 'bool';

/** Attributes of a kernel invocation, as tfjs passes them. */
export type Attrs = Readonly<Record<string, unknown>>;

/** What an op needs to know to write its WGSL expression. */
export interface WgslContext {
  /** 1: values are f32/i32. 4: vec4<f32>/vec4<i32>. */
  readonly width: 1 | 4;
  /** Types of the arguments. */
  readonly types: readonly ScalarType[];
  /** Type of the result. */
  readonly type: ScalarType;
  readonly attrs: Attrs;
  /**
   * Values of the arguments that are constants, so that an op may choose a cheaper form:
   * `Pow(x, 2)` is `x * x`. Never all of them: an apply of constants only is folded.
   */
  readonly constants: readonly (number | undefined)[];
  /**
   * Registers a function to be emitted once at module scope, and returns its name. Equal names
   * mean equal sources.
   */
  helper(name: string, source: string): string;
  /**
   * NaN and +Infinity at this width, already splatted. They come from uniforms, because a WGSL
   * const-expression may produce neither.
   */
  readonly nan: string;
  readonly infinity: string;
}

/** One elementwise tfjs kernel: its types, what it computes, and how a shader computes it. */
export interface ScalarOp {
  /** Name of the tfjs kernel. */
  readonly kernel: string;
  readonly arity: 1 | 2 | 3;
  /** The attributes that the result depends on; others are ignored. */
  readonly attrNames: readonly string[];
  /**
   * dtype of the result, or undefined for a combination that has no form here: one that tfjs
   * rejects, or whose answer a GPU integer cannot hold (bool + bool is 2 on `cpu`).
   */
  resultType(args: readonly ScalarType[], attrs: Attrs): ScalarType | undefined;
  /**
   * The value that the tfjs `cpu` kernel stores: rounded to float32, wrapped to int32, or 0 or 1.
   * Throws where `resultType` is undefined.
   */
  evaluate(args: readonly number[], types: readonly ScalarType[], attrs: Attrs): number;
  /** The kernel's own arithmetic, in doubles: what {@link evaluate} rounds to the result type. */
  compute(args: readonly number[], types: readonly ScalarType[], attrs: Attrs): number;
  /**
   * A WGSL expression of the result type at the context's width. `args` are identifiers or
   * literals, safe to repeat; equal ones mean the same value.
   */
  wgsl(args: readonly string[], ctx: WgslContext): string;
  /**
   * Rough ALU cost: 1 for an addition, about 8 for exp, about 16 for pow. For deciding whether a
   * value is cheaper to recompute than to store.
   */
  readonly cost: number;
}

/** The parts of a {@link ScalarOp} that differ from op to op. */
export interface ScalarOpDefinition {
  readonly kernel: string;
  readonly arity: 1 | 2 | 3;
  readonly cost: number;
  readonly attrNames?: readonly string[];
  resultType(args: readonly ScalarType[], attrs: Attrs): ScalarType | undefined;
  /** The kernel's own arithmetic, in doubles; {@link defineOp} rounds it to the result type. */
  compute(args: readonly number[], types: readonly ScalarType[], attrs: Attrs): number;
  wgsl(args: readonly string[], ctx: WgslContext): string;
}

/** Completes a definition: adds the rounding that storing into a typed array does. */
export function defineOp(definition: ScalarOpDefinition): ScalarOp {
  const { kernel, arity, cost, attrNames = [], resultType, compute, wgsl } = definition;
  return {
    kernel,
    arity,
    cost,
    attrNames,
    compute,
    wgsl,
    resultType(args, attrs) {
      return args.length === arity ? resultType(args, attrs) : undefined;
    },
    evaluate(args, types, attrs) {
      const type = this.resultType(types, attrs);
      if (type === undefined) {
        throw new Error(
          `[webgpu-fused] ${kernel}: no form for (${types.join(', ')}); ask resultType first.`,
        );
      }
      return roundToType(compute(args, types, attrs), type);
    },
  };
}

/** What remains of `value` in a Float32Array, an Int32Array, or a 0/1 of a bool tensor. */
export function roundToType(value: number, type: ScalarType): number {
  switch (type) {
    case 'float32':
      return Math.fround(value);
    case 'int32':
      return value | 0;
    case 'bool':
      return value !== 0 ? 1 : 0;
  }
}

/** Reads a numeric attribute. */
export function numberAttr(attrs: Attrs, name: string, fallback: number): number {
  const value = attrs[name];
  return typeof value === 'number' ? value : fallback;
}

/** float32 in, float32 out. */
export function floatOnly(args: readonly ScalarType[]): ScalarType | undefined {
  return args.every((type) => type === 'float32') ? 'float32' : undefined;
}

/** All float32 or all int32; the result is the same. */
export function sameNumeric(args: readonly ScalarType[]): ScalarType | undefined {
  const [first] = args;
  return first !== 'bool' && args.every((type) => type === first) ? first : undefined;
}

/** All of one type, bool included; the result is the same. */
export function sameType(args: readonly ScalarType[]): ScalarType | undefined {
  return args.every((type) => type === args[0]) ? args[0] : undefined;
}

/** Whether both arguments of an op are the same float32. */
export function isTwice([a, b]: readonly string[], ctx: WgslContext): boolean {
  return a === b && ctx.types[0] === 'float32';
}
