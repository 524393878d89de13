import {
  defineOp,
  floatOnly,
  numberAttr,
  sameNumeric,
  type Attrs,
  type ScalarOp,
  type ScalarOpDefinition,
  type ScalarType,
  type WgslContext,
} from './scalar-op';
import * as bits from './functions/bits';
import * as exponential from './functions/exponential';
import { bool, convert, factorLiteral, floatLiteral as float, literal, wgslType } from './wgsl';

const SELU_SCALE = 1.0507009873554804934193349852946;
const SELU_SCALE_ALPHA = 1.7580993408473768599402175208123;

/** A literal of the result's type. */
const number = (value: number, ctx: WgslContext) => literal(value, ctx.type, ctx);

/** tfjs rounds half to even. */
function roundHalfToEven(x: number): number {
  const base = Math.floor(x);
  const fraction = x - base;
  if (fraction < 0.5) return base;
  if (fraction > 0.5) return Math.ceil(x);
  return base % 2 === 0 ? base : base + 1;
}

/** Floor, Ceil, Round: nothing to do for an int32. */
function integral(kernel: string, compute: (x: number) => number, builtin: string): ScalarOp {
  return defineOp({
    kernel,
    arity: 1,
    cost: 1,
    resultType: sameNumeric,
    compute: ([x]) => compute(x),
    wgsl: ([x], { type }) => (type === 'int32' ? x : `${builtin}(${x})`),
  });
}

/** IsNan, IsInf, IsFinite: a test of the bits with the sign taken off. */
function classify(kernel: string, compute: (x: number) => boolean, test: string): ScalarOp {
  return defineOp({
    kernel,
    arity: 1,
    cost: 2,
    resultType: () => 'bool',
    compute: ([x]) => Number(compute(x)),
    wgsl([x], ctx) {
      if (ctx.types[0] !== 'float32') return literal(Number(compute(0)), 'bool', ctx);
      const u = ctx.width === 1 ? 'u32' : 'vec4<u32>';
      const magnitude = `(bitcast<${u}>(${x}) & ${u}(0x7fffffffu))`;
      return bool(`${magnitude} ${test} ${u}(0x7f800000u)`, ctx);
    },
  });
}

/** A float32 result whatever the argument's type. */
const toFloat = (): ScalarType => 'float32';

/*
 * NaN. WGSL's min, max and clamp may return the other operand for a NaN, `cpu` returns the NaN.
 * A comparison with NaN is false, so `select(x, bound, x < bound)` lets it through at the price
 * of a min or max.
 */
const definitions: readonly ScalarOpDefinition[] = [
  {
    // The cpu kernel goes through a Float32Array and so rounds integers beyond 2^24; this does not.
    kernel: 'Abs',
    arity: 1,
    cost: 1,
    resultType: sameNumeric,
    compute: ([x]) => Math.abs(x),
    wgsl: ([x]) => `abs(${x})`,
  },
  {
    kernel: 'Elu',
    arity: 1,
    cost: 13,
    resultType: floatOnly,
    compute: ([x]) => (x >= 0 ? x : Math.exp(x) - 1),
    wgsl: ([x], ctx) => `select(${exponential.expm1.call(ctx, x)}, ${x}, ${x} >= ${float(0, ctx)})`,
  },
  {
    kernel: 'LeakyRelu',
    arity: 1,
    cost: 3,
    attrNames: ['alpha'],
    resultType: toFloat,
    compute: ([x], _types, attrs) => (x < 0 ? numberAttr(attrs, 'alpha', 0.2) * x : x),
    wgsl([arg], ctx) {
      const x = convert(arg, ctx.types[0], 'float32', ctx.width);
      const alpha = factorLiteral(numberAttr(ctx.attrs, 'alpha', 0.2), ctx);
      return `select(${x}, ${alpha} * ${x}, ${x} < ${float(0, ctx)})`;
    },
  },
  {
    kernel: 'LogicalNot',
    arity: 1,
    cost: 1,
    resultType: ([type]) => (type === 'bool' ? 'bool' : undefined),
    compute: ([x]) => 1 - x,
    wgsl: ([x]) => `1 - ${x}`,
  },
  {
    kernel: 'Neg',
    arity: 1,
    cost: 1,
    resultType: sameNumeric,
    compute: ([x]) => -x,
    wgsl: ([x]) => `-${x}`,
  },
  {
    // `<=`, not stock's `<`: relu(-0) is 0.
    kernel: 'Relu',
    arity: 1,
    cost: 2,
    resultType: sameNumeric,
    compute: ([x]) => Math.max(0, x),
    wgsl: ([x], ctx) =>
      ctx.type === 'int32'
        ? `max(${x}, ${number(0, ctx)})`
        : `select(${x}, ${number(0, ctx)}, ${x} <= ${number(0, ctx)})`,
  },
  {
    kernel: 'Relu6',
    arity: 1,
    cost: 4,
    resultType: sameNumeric,
    compute: ([x]) => Math.min(Math.max(0, x), 6),
    wgsl([x], ctx) {
      const [zero, six] = [number(0, ctx), number(6, ctx)];
      if (ctx.type === 'int32') return `clamp(${x}, ${zero}, ${six})`;
      return `select(select(${x}, ${zero}, ${x} <= ${zero}), ${six}, ${x} > ${six})`;
    },
  },
  {
    kernel: 'ClipByValue',
    arity: 1,
    cost: 4,
    attrNames: ['clipValueMin', 'clipValueMax'],
    resultType: sameNumeric,
    compute([x], _types, attrs) {
      const { min, max } = clipBounds(attrs);
      if (x > max) return max;
      return x < min ? min : x;
    },
    wgsl([x], ctx) {
      const { min, max } = clipBounds(ctx.attrs);
      return ctx.type === 'int32' ? clipInteger(x, min, max, ctx) : clipFloat(x, min, max, ctx);
    },
  },
  {
    kernel: 'Selu',
    arity: 1,
    cost: 14,
    resultType: floatOnly,
    compute: ([x]) => (x >= 0 ? SELU_SCALE * x : SELU_SCALE_ALPHA * (Math.exp(x) - 1)),
    wgsl: ([x], ctx) =>
      `select(${float(SELU_SCALE_ALPHA, ctx)} * ${exponential.expm1.call(ctx, x)}, ` +
      `${float(SELU_SCALE, ctx)} * ${x}, ${x} >= ${float(0, ctx)})`,
  },
  {
    // Not WGSL's sign: the sign of NaN is 0.
    kernel: 'Sign',
    arity: 1,
    cost: 3,
    resultType: sameNumeric,
    compute: ([x]) => (x < 0 ? -1 : x > 0 ? 1 : 0),
    wgsl([x], ctx) {
      if (ctx.type === 'int32') return `sign(${x})`;
      const [f, zero] = [wgslType('float32', ctx.width), float(0, ctx)];
      return `${f}(${x} > ${zero}) - ${f}(${x} < ${zero})`;
    },
  },
  {
    kernel: 'Softplus',
    arity: 1,
    cost: 22,
    resultType: floatOnly,
    compute([x]) {
      if (x < -exponential.SOFTPLUS_THRESHOLD) return Math.exp(x);
      return x > exponential.SOFTPLUS_THRESHOLD ? x : Math.log(1 + Math.exp(x));
    },
    wgsl: ([x], ctx) => exponential.softplus.call(ctx, x),
  },
  {
    // As for Abs, cpu rounds integers to float32.
    kernel: 'Square',
    arity: 1,
    cost: 1,
    resultType: sameNumeric,
    compute: ([x], [type]) => (type === 'int32' ? Math.imul(x, x) : x * x),
    wgsl: ([x]) => `${x} * ${x}`,
  },
  {
    kernel: 'Step',
    arity: 1,
    cost: 3,
    attrNames: ['alpha'],
    resultType: sameNumeric,
    compute: ([x], _types, attrs) =>
      Number.isNaN(x) ? NaN : x > 0 ? 1 : numberAttr(attrs, 'alpha', 0),
    wgsl([x], ctx) {
      const alpha = number(numberAttr(ctx.attrs, 'alpha', 0), ctx);
      const step = `select(${alpha}, ${number(1, ctx)}, ${x} > ${number(0, ctx)})`;
      return ctx.type === 'int32' ? step : `select(${step}, ${x}, ${bits.isNan.call(ctx, x)})`;
    },
  },
];

function clipBounds(attrs: Attrs) {
  return {
    min: numberAttr(attrs, 'clipValueMin', -Infinity),
    max: numberAttr(attrs, 'clipValueMax', Infinity),
  };
}

/** NaN passes both comparisons; an infinite bound needs none. */
function clipFloat(x: string, min: number, max: number, ctx: WgslContext): string {
  const [low, high] = [float(min, ctx), float(max, ctx)];
  const raised = min > -Infinity ? `select(${x}, ${low}, ${x} < ${low})` : x;
  return max < Infinity ? `select(${raised}, ${high}, ${x} > ${high})` : raised;
}

/** The bounds of an int32 may be fractions: 3 exceeds 2.5, which is stored as 2. */
function clipInteger(x: string, min: number, max: number, ctx: WgslContext): string {
  const [INT_MIN, INT_MAX] = [-(2 ** 31), 2 ** 31 - 1];
  const [low, high] = [number(min, ctx), number(max, ctx)];
  const [bottom, top] = [Math.ceil(min), Math.floor(max)];
  if (bottom > INT_MAX) return low;
  if (top < INT_MIN) return high;
  const raised = bottom > INT_MIN ? `select(${x}, ${low}, ${x} < ${number(bottom, ctx)})` : x;
  return top < INT_MAX ? `select(${raised}, ${high}, ${x} > ${number(top, ctx)})` : raised;
}

/** Activations, rounding, signs and tests: ops of one argument that need little arithmetic. */
export const unaryOps: readonly ScalarOp[] = [
  ...definitions.map(defineOp),
  integral('Ceil', Math.ceil, 'ceil'),
  integral('Floor', Math.floor, 'floor'),
  integral('Round', roundHalfToEven, 'round'),
  classify('IsFinite', Number.isFinite, '<'),
  classify('IsInf', (x) => Math.abs(x) === Infinity, '=='),
  classify('IsNan', Number.isNaN, '>'),
];
