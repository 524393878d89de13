/** Which numbers a value can hold, by what produced it: enough to see that a bound after it changes nothing. */
import type { Attrs, Node, Value } from './graph';

/** Numbers from `low` to `high`; NaN may be among the elements besides. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

const ANYTHING: Interval = { low: -Infinity, high: Infinity };

/** Producers that are looked through: chains of activations are short. */
const MAX_DEPTH = 8;

type IntervalOf = (operands: readonly Interval[], attrs: Attrs) => Interval;

const notNegative: IntervalOf = () => ({ low: 0, high: Infinity });
const unmoved: IntervalOf = ([x]) => x;

/** Of float32; only what holds whatever a shader's arithmetic rounds to. */
const intervals: Readonly<Record<string, IntervalOf>> = {
  Relu: ([{ high }]) => ({ low: 0, high: Math.max(0, high) }),
  Relu6: () => ({ low: 0, high: 6 }),
  ClipByValue(_operands, { clipValueMin, clipValueMax }) {
    const [low, high] = [clipValueMin as number, clipValueMax as number];
    return low <= high ? { low, high } : ANYTHING;
  },
  Abs: notNegative,
  Exp: notNegative,
  Square: notNegative,
  Maximum: ([a, b]) => ({ low: Math.max(a.low, b.low), high: Math.max(a.high, b.high) }),
  Minimum: ([a, b]) => ({ low: Math.min(a.low, b.low), high: Math.min(a.high, b.high) }),
  Reshape: unmoved,
  Transpose: unmoved,
  Slice: unmoved,
};

/** The interval of a float32 value, as far as a few of its producers tell. */
export function intervalOf({ dtype, producer, constant }: Value, depth = MAX_DEPTH): Interval {
  const [low] = constant?.host?.length === 1 ? constant.host : [NaN];
  if (!Number.isNaN(low)) return { low, high: low };
  const of = producer && dtype === 'float32' && depth > 0 ? intervals[producer.kernel] : undefined;
  if (!of) return ANYTHING;
  const { inputs, attrs } = producer as Node;
  return of(
    inputs.map((input) => intervalOf(input, depth - 1)),
    attrs,
  );
}
