/** Activations, rounding, signs and tests: scalar ops of one argument that need little arithmetic. */
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
import * as exponential from './functions/exponential';
import * as nan from './functions/nan';
import { bool, convert, opaqueLiteral, floatLiteral as float, literal, wgslType } from './wgsl';

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

/** `value` where x is a number, and x, a NaN, elsewhere: for what may lose it. */
const keepNan = (value: string, x: string, ctx: WgslContext) =>
  `select(${value}, ${x}, ${nan.isNan.call(ctx, x)})`;

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
      const alpha = opaqueLiteral(numberAttr(ctx.attrs, 'alpha', 0.2), ctx);
      return `select(${x}, ${alpha} * ${x}, ${x} < ${float(0, ctx)})`;
    },
  },
  {
    kernel: 'LogicalNot',
    arity: 1,
    cost: 1,
    resultType: ([type]) => (type === 'bool' ? 'bool' : undefined),
    // What is not 0 is true: tfjs adds truth values as numbers.
    compute: ([x]) => Number(x === 0),
    wgsl: ([x], ctx) => bool(`${x} == ${literal(0, 'bool', ctx)}`, ctx),
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
    kernel: 'Relu',
    arity: 1,
    cost: 2,
    resultType: sameNumeric,
    compute: ([x]) => Math.max(0, x),
    wgsl: ([x], ctx) =>
      ctx.type === 'int32' ? `max(${x}, ${number(0, ctx)})` : nan.relu.call(ctx, x),
  },
  {
    kernel: 'Relu6',
    arity: 1,
    cost: 4,
    resultType: sameNumeric,
    compute: ([x]) => Math.min(Math.max(0, x), 6),
    wgsl([x], ctx) {
      const clamped = `clamp(${x}, ${number(0, ctx)}, ${number(6, ctx)})`;
      return ctx.type === 'int32' ? clamped : keepNan(clamped, x, ctx);
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
      return ctx.type === 'int32' ? step : keepNan(step, x, ctx);
    },
  },
];

function clipBounds(attrs: Attrs) {
  return {
    min: numberAttr(attrs, 'clipValueMin', -Infinity),
    max: numberAttr(attrs, 'clipValueMax', Infinity),
  };
}

/** A bound that is infinite, or no number, is none. */
function clipFloat(x: string, min: number, max: number, ctx: WgslContext): string {
  const raised = min > -Infinity ? `max(${x}, ${float(min, ctx)})` : x;
  const clipped = max < Infinity ? `min(${raised}, ${float(max, ctx)})` : raised;
  return clipped === x ? x : keepNan(clipped, x, ctx);
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
