/**
 * Integers of which the device alone knows the value, in normal form: sums of counts, with bounds. So two lengths
 * that are the same are known to be, and what is padded by what is missing to 100 has 100 rows.
 */
import type { GraphBuilder } from '../../ir/builder';
import { sizeOf, type Node, type Value } from '../../ir/graph';
import * as ix from '../../ir/index-expression';

/** A length; the payload of an atom is the scalar that holds it. */
export type Length = ix.IndexExpr;

type LengthBounds = readonly [min: number, max: number];

/** Vectors that speak of shapes are not longer. */
const MAX_ELEMENTS = 32;

const ANY: LengthBounds = [-(2 ** 31), 2 ** 31 - 1];

const union = ([a, b]: LengthBounds, [c, d]: LengthBounds): LengthBounds => [
  Math.min(a, c),
  Math.max(b, d),
];

type LengthRule = (
  operands: readonly (readonly Length[])[],
  node: Node,
) => readonly Length[] | undefined;

const elementwise =
  (combine: (a: Length, b: Length) => Length | undefined): LengthRule =>
  ([a, b], { outputs: [{ shape }] }) => {
    const size = sizeOf(shape);
    const found: Length[] = [];
    for (let i = 0; i < size; i++) {
      const sum = combine(a[a.length === 1 ? 0 : i], b[b.length === 1 ? 0 : i]);
      if (!sum) return undefined;
      found.push(sum);
    }
    return [a, b].every(({ length }) => length === 1 || length === size) ? found : undefined;
  };

/** How elements are made of those of the operands. */
const RULES: Readonly<Record<string, LengthRule>> = {
  Reshape: ([x]) => x,
  Concat: (parts, { attrs, inputs }) => {
    const axis = attrs.axis as number;
    const runs = sizeOf(inputs[0].shape.slice(0, axis));
    return Array.from({ length: runs }, (_, run) =>
      parts.flatMap((part) => {
        const length = part.length / runs;
        return part.slice(run * length, (run + 1) * length);
      }),
    ).flat();
  },
  Slice: ([x], { attrs, inputs, outputs }) => {
    if (inputs[0].shape.length !== 1) return undefined;
    const [[begin], [stride]] = [attrs.begin as number[], attrs.strides as number[]];
    return Array.from({ length: outputs[0].shape[0] }, (_, at) => x[begin + at * stride]);
  },
  Add: elementwise(ix.add),
  Sub: elementwise(ix.subtract),
  Multiply: elementwise((a, b) =>
    ix.isConstant(b) ? ix.scale(a, b.offset) : ix.isConstant(a) ? ix.scale(b, a.offset) : undefined,
  ),
};

/** What is known of lengths in one graph. */
export class Lengths {
  private readonly known = new Map<Value, readonly Length[] | undefined>();

  constructor(private readonly b: GraphBuilder) {}

  /** A scalar that counts up to `most` rows. */
  count(scalar: Value, most: number): Length {
    const [known] = this.known.get(scalar) ?? [];
    if (known && known.max <= most) return known;
    const length = atom(`#${scalar.id}`, scalar, [0, most]);
    this.known.set(scalar, [length]);
    return length;
  }

  /** The elements of a value; undefined for one that does not speak of lengths. */
  of(value: Value): readonly Length[] | undefined {
    if (!this.known.has(value)) this.known.set(value, this.find(value));
    return this.known.get(value);
  }

  /** The scalar that holds a length. */
  scalar({ terms, offset }: Length): Value {
    const { b } = this;
    let sum = offset !== 0 || terms.length === 0 ? b.scalar(offset, 'int32') : undefined;
    for (const { coefficient, atom } of terms) {
      const held = (atom as ix.CallAtom).payload as Value;
      const term =
        coefficient === 1 ? held : b.op('Multiply', [held, b.scalar(coefficient, 'int32')]);
      sum = sum ? b.op('Add', [sum, term]) : term;
    }
    return sum as Value;
  }

  /** Scalars as one value. */
  vector(scalars: readonly Value[]): Value {
    const parts = scalars.map((scalar) => this.b.reshape(scalar, [1]));
    return parts.length > 1 ? this.b.op('Concat', parts, { axis: 0 }) : parts[0];
  }

  private find(value: Value): readonly Length[] | undefined {
    const { dtype, shape, constant, producer } = value;
    if (dtype !== 'int32' || sizeOf(shape) > MAX_ELEMENTS) return undefined;
    if (constant?.host) return Array.from(constant.host, ix.constant);
    if (!producer) return undefined;
    const operands = producer.inputs.map((operand) => this.of(operand));
    const areKnown = operands.every((operand) => operand !== undefined);
    const { kernel } = producer;
    const found =
      areKnown && Object.hasOwn(RULES, kernel) ? RULES[kernel](operands, producer) : undefined;
    if (found || sizeOf(shape) !== 1) return found;
    // Two that are alike are one: graphs take the same minimum again and again.
    const name =
      areKnown && (kernel === 'Minimum' || kernel === 'Maximum')
        ? `${kernel}(${operands.flat().map(({ key }) => key)})`
        : `#${value.id}`;
    return [atom(name, this.b.reshape(value, []), this.boundsOf(value))];
  }

  /** LengthBounds of all elements. */
  private boundsOf(value: Value): LengthBounds {
    const { dtype, constant, producer } = value;
    const known = this.known.get(value);
    if (known?.length) return known.map(({ min, max }): LengthBounds => [min, max]).reduce(union);
    if (dtype === 'bool') return [0, 1];
    if (dtype !== 'int32') return ANY;
    if (constant?.host?.length) {
      return Array.from(constant.host, (x): LengthBounds => [x, x]).reduce(union);
    }
    const operands = producer?.inputs.map((operand) => this.boundsOf(operand)) ?? [];
    switch (producer?.kernel) {
      case 'Reshape':
      case 'Cast':
        return operands[0];
      case 'Select':
        return union(operands[1], operands[2]);
      case 'Minimum':
        return [0, 1].map((end) =>
          Math.min(...operands.map((x) => x[end])),
        ) as unknown as LengthBounds;
      case 'Maximum':
        return [0, 1].map((end) =>
          Math.max(...operands.map((x) => x[end])),
        ) as unknown as LengthBounds;
      case 'Sum': {
        const terms = sizeOf(producer.inputs[0].shape) / sizeOf(value.shape);
        const sum = operands[0].map((end) => end * terms) as unknown as LengthBounds;
        return sum.some((end) => Math.abs(end) >= 2 ** 31) ? ANY : sum;
      }
      default:
        return ANY;
    }
  }
}

function atom(key: string, payload: Value, [min, max]: LengthBounds): Length {
  return min === max
    ? ix.constant(min)
    : ix.fromAtom({ kind: 'call', key, args: [], payload, min, max });
}
