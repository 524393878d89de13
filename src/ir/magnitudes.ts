/** How large and how small the elements of constants are, where the host can tell without computing them. */
import { sizeOf, type HostData, type Magnitudes, type Node, type Value } from './graph';

/** The largest float32, less what roundings on the way to a value can add to it. */
const MOST_FINITE = 3.4e38 / 2;

const scanned = new WeakMap<HostData, Magnitudes>();
const derived = new WeakMap<Node, Magnitudes | undefined>();

/** Whether it is known that no element of `value` is NaN or infinite; false where nothing is known. */
export function isKnownFinite(value: Value): boolean {
  const known = magnitudesOf(value);
  return known !== undefined && known.most < MOST_FINITE;
}

/** What is known of a constant, or of what is computed from constants; undefined if nothing is. */
export function magnitudesOf({ constant, producer, shape }: Value): Magnitudes | undefined {
  if (sizeOf(shape) === 0) return { least: 0, most: 0 };
  if (constant) return constant.host ? scan(constant.host) : constant.magnitudes;
  if (!producer) return undefined;
  if (!derived.has(producer)) derived.set(producer, derive(producer));
  return derived.get(producer);
}

type Derivation = (operands: readonly Magnitudes[]) => Magnitudes;

/** Some of the elements of the operands, and no others. */
const picked: Derivation = (operands) => ({
  least: Math.min(...operands.map(({ least }) => least)),
  most: Math.max(...operands.map(({ most }) => most)),
});

/** What weights are made by when a model is rewritten. */
const derivations: Readonly<Record<string, Derivation>> = {
  Multiply: ([a, b]) => ({ least: a.least * b.least, most: a.most * b.most }),
  RealDiv: ([a, b]) => ({ least: a.least / b.most, most: a.most / b.least }),
  Neg: picked,
  Abs: picked,
  Reshape: picked,
  Transpose: picked,
  Slice: picked,
  Reverse: picked,
  Concat: picked,
  Tile: picked,
  BroadcastTo: picked,
};

function derive({ kernel, inputs }: Node): Magnitudes | undefined {
  const derivation = derivations[kernel];
  if (!derivation) return undefined;
  const operands: Magnitudes[] = [];
  for (const input of inputs) {
    const known = magnitudesOf(input);
    if (!known) return undefined;
    operands.push(known);
  }
  return derivation(operands);
}

function scan(elements: HostData): Magnitudes {
  let known = scanned.get(elements);
  if (known) return known;
  known = elements instanceof Float32Array ? scanFloats(elements) : scanIntegers(elements);
  scanned.set(elements, known);
  return known;
}

/**
 * All weights of a model come by here: magnitudes of floats are in the order of their bits, without
 * the sign, and NaN is beyond all of them.
 */
function scanFloats({ buffer, byteOffset, length }: Float32Array): Magnitudes {
  const bits = new Int32Array(buffer, byteOffset, length);
  let least = INFINITE_BITS;
  let most = 0;
  for (let i = 0; i < length; i++) {
    const magnitude = bits[i] & 0x7fffffff;
    if (magnitude < least) least = magnitude;
    if (magnitude > most) most = magnitude;
  }
  return { least: floatOf(least), most: floatOf(Math.min(most, INFINITE_BITS)) };
}

const INFINITE_BITS = 0x7f800000;

function floatOf(bits: number): number {
  return new Float32Array(Int32Array.of(bits).buffer)[0];
}

function scanIntegers(elements: Exclude<HostData, Float32Array>): Magnitudes {
  let least = Infinity;
  let most = 0;
  for (const element of elements) {
    const magnitude = Math.abs(element);
    if (magnitude < least) least = magnitude;
    if (magnitude > most) most = magnitude;
  }
  return { least, most };
}
