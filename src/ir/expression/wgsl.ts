/** Literals, types and helper functions of WGSL, at either width. */
import type { ScalarType, WgslContext } from './scalar-op';

const FLOAT32_MAX = 3.4028234663852886e38;

/** WGSL type of values of `type`, `width` at a time. */
export function wgslType(type: ScalarType, width: 1 | 4): string {
  const scalar = type === 'float32' ? 'f32' : 'i32';
  return width === 1 ? scalar : `vec4<${scalar}>`;
}

/** A scalar repeated to the context's width. */
export function splat(scalar: string, type: ScalarType, width: 1 | 4): string {
  return width === 1 ? scalar : `${wgslType(type, width)}(${scalar})`;
}

/**
 * The shortest decimal that reads back as the float32 nearest to `value`. Finite values only: a
 * WGSL literal can be neither NaN nor infinite. Zero keeps its sign.
 */
export function f32Literal(value: number): string {
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded)) {
    throw new Error(`[webgpu-fused] ${value} has no WGSL literal; take it from the context.`);
  }
  const text = Object.is(rounded, -0) ? '-0' : shortestDecimal(rounded);
  return /[.e]/.test(text) ? text.replace('e+', 'e') : `${text}.0`;
}

function shortestDecimal(value: number): string {
  for (let digits = 1; digits <= 9; digits++) {
    // Through Number again, for 6 rather than 6.00000 and 1e30 rather than 1.e+30.
    const candidate = Number(value.toPrecision(digits));
    // A decimal above the largest float32 rounds to it in JS, but is an error in WGSL.
    if (Math.fround(candidate) === value && Math.abs(candidate) <= FLOAT32_MAX) {
      return String(candidate);
    }
  }
  return String(value);
}

/** A literal of an int32. The most negative one is fine: WGSL negates in 64 bits. */
export function i32Literal(value: number): string {
  return String(value | 0);
}

/** A literal of any float32 at the context's width, NaN and infinities included. */
export function floatLiteral(value: number, ctx: Pick<WgslContext, 'width' | 'nan' | 'infinity'>) {
  const rounded = Math.fround(value);
  if (Number.isNaN(rounded)) return ctx.nan;
  if (rounded === Infinity) return ctx.infinity;
  if (rounded === -Infinity) return `(-${ctx.infinity})`;
  return splat(f32Literal(rounded), 'float32', ctx.width);
}

/**
 * A float32 literal whose zero shader compilers cannot see. They fold `x * 0.0` to zero though x may be NaN or
 * infinite, take a quotient by a zero that they see for a value that nobody reads, and forget zeros' signs.
 */
export function opaqueLiteral(
  value: number,
  ctx: Pick<WgslContext, 'width' | 'nan' | 'infinity'>,
): string {
  if (value !== 0) return floatLiteral(value, ctx);
  const zero = `min(${ctx.infinity}, ${floatLiteral(0, ctx)})`;
  return Object.is(value, -0) ? `(-${zero})` : zero;
}

/** A literal of any type at the context's width. */
export function literal(
  value: number,
  type: ScalarType,
  ctx: Pick<WgslContext, 'width' | 'nan' | 'infinity'>,
): string {
  return type === 'float32'
    ? floatLiteral(value, ctx)
    : splat(i32Literal(value), 'int32', ctx.width);
}

/** `arg` of type `from` as a value of type `to`; no code where WGSL's types agree. */
export function convert(arg: string, from: ScalarType, to: ScalarType, width: 1 | 4): string {
  const target = wgslType(to, width);
  return wgslType(from, width) === target ? arg : `${target}(${arg})`;
}

/** A condition (bool or vec4<bool>) as the i32 0 or 1 of a bool tensor. */
export function bool(condition: string, ctx: WgslContext): string {
  return `${wgslType('bool', ctx.width)}(${condition})`;
}

/** Type names of one width, for sources of helper functions. */
export interface WidthTypes {
  readonly f: string;
  readonly i: string;
  readonly u: string;
  readonly b: string;
}

const WIDTH_TYPES: Readonly<Record<1 | 4, WidthTypes>> = {
  1: { f: 'f32', i: 'i32', u: 'u32', b: 'bool' },
  4: { f: 'vec4<f32>', i: 'vec4<i32>', u: 'vec4<u32>', b: 'vec4<bool>' },
};

/** Where a helper function goes, and how many values it takes at a time. */
export type HelperContext = Pick<WgslContext, 'width' | 'helper'>;

/** A module-scope WGSL function. `call` registers it, with what it calls, and writes the call. */
export interface HelperFunction {
  call(ctx: HelperContext, ...args: string[]): string;
  /** Registers the function and returns its name at the context's width. */
  register(ctx: HelperContext): string;
}

/**
 * A function whose body is the same for both widths: `source` is given the function's name, the
 * type names of the width, and the names of the functions it calls, in the order of `calls`.
 */
export function widthHelper(
  name: string,
  source: (name: string, types: WidthTypes, calls: readonly string[]) => string,
  calls: readonly HelperFunction[] = [],
): HelperFunction {
  const helper: HelperFunction = {
    register(ctx) {
      const names = calls.map((call) => call.register(ctx));
      const own = ctx.width === 1 ? name : `${name}x4`;
      return ctx.helper(own, source(own, WIDTH_TYPES[ctx.width], names));
    },
    call: (ctx, ...args) => `${helper.register(ctx)}(${args.join(', ')})`,
  };
  return helper;
}

/**
 * A function with control flow, which WGSL has for scalars only; at width 4 it is called once a
 * component.
 */
export function scalarHelper(
  name: string,
  params: readonly ('f32' | 'i32')[],
  result: 'f32' | 'i32',
  body: string,
): HelperFunction {
  const names = params.map((_, i) => String.fromCharCode(97 + i));
  const declare = (types: readonly string[]) =>
    names.map((param, i) => `${param}: ${types[i]}`).join(', ');
  const scalarSource = `fn ${name}(${declare(params)}) -> ${result} {\n${body}\n}`;
  const component = (c: string) => `${name}(${names.map((param) => `${param}.${c}`).join(', ')})`;
  const vectorTypes = params.map((type) => `vec4<${type}>`);
  const vectorSource = `fn ${name}x4(${declare(vectorTypes)}) -> vec4<${result}> {
  return vec4<${result}>(${['x', 'y', 'z', 'w'].map(component).join(', ')});
}`;
  const helper: HelperFunction = {
    register(ctx) {
      const scalar = ctx.helper(name, scalarSource);
      return ctx.width === 1 ? scalar : ctx.helper(`${name}x4`, vectorSource);
    },
    call: (ctx, ...args) => `${helper.register(ctx)}(${args.join(', ')})`,
  };
  return helper;
}
