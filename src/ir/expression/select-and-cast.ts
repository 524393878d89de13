/** Scalar ops about types: choices between two values, conversions. */
import { defineOp, sameType, type Attrs, type ScalarOp, type ScalarType } from './scalar-op';
import { truncateF32 } from './functions/bits';
import { isZero } from './functions/nan';
import { bool, convert, literal, opaqueLiteral, splat } from './wgsl';

/** The type that holds values of both, as tfjs's `upcastType`. */
export function upcast(a: ScalarType, b: ScalarType): ScalarType {
  return sameType([a, b]) ?? (a === 'float32' || b === 'float32' ? 'float32' : 'int32');
}

/** The dtype that a Cast asks for; undefined for string and complex64. */
function castType(attrs: Attrs): ScalarType | undefined {
  const { dtype } = attrs;
  return dtype === 'float32' || dtype === 'int32' || dtype === 'bool' ? dtype : undefined;
}

/** Arguments condition, t, e. tf.where does not make t and e agree: the result is upcast. */
const select = defineOp({
  kernel: 'Select',
  arity: 3,
  cost: 1,
  resultType: ([condition, t, e]) => (condition === 'bool' ? upcast(t, e) : undefined),
  compute: ([condition, t, e]) => (condition !== 0 ? t : e),
  wgsl([condition, t, e], ctx) {
    const constants = ctx.constants.slice(1);
    // Of two constants compilers know what follows, a quotient by either included.
    const isKnown = ctx.type === 'float32' && !constants.includes(undefined);
    const [then, otherwise] = [t, e].map((arg, i) =>
      isKnown
        ? opaqueLiteral(constants[i] as number, ctx)
        : convert(arg, ctx.types[i + 1], ctx.type, ctx.width),
    );
    return `select(${otherwise}, ${then}, ${condition} != ${splat('0', 'bool', ctx.width)})`;
  },
});

const cast = defineOp({
  kernel: 'Cast',
  arity: 1,
  cost: 1,
  attrNames: ['dtype'],
  resultType: (_args, attrs) => castType(attrs),
  // The rounding to the result type is all there is to it: NaN is true, and 0 as an int32.
  compute: ([x]) => x,
  wgsl([x], ctx) {
    const [from] = ctx.types;
    if (ctx.type === from) return x;
    if (ctx.type === 'bool') {
      const zero = from === 'float32' ? isZero.call(ctx, x) : `(${x} == ${literal(0, from, ctx)})`;
      return bool(`!${zero}`, ctx);
    }
    if (ctx.type === 'int32' && from === 'float32') return truncateF32.call(ctx, x);
    return convert(x, from, ctx.type, ctx.width);
  },
});

export const selectAndCastOps: readonly ScalarOp[] = [select, cast];
