/**
 * Graphs that are nearly what a rule looks for: those of the planted faults, with an operand transposed, a
 * constant of another shape, a flag turned, somebody else who reads what is in between. Where rules still
 * fire, they have to be right; where they do not, they have refused for a reason.
 */
import fc from 'fast-check';
import { GraphBuilder } from '../../src/ir/builder';
import { sizeOf, type Attrs, type Graph, type Shape, type Value } from '../../src/ir/graph';
import { RefusedError } from '../../src/ir/infer/refused';
import { RULE_CASES } from './plants/cases';
import { seededNumbers } from './small-graph-model';

/** One thing that is otherwise, where a graph is built: in which call, what, and the numbers that decide. */
export interface Change {
  readonly at: number;
  readonly what: number;
  readonly pick: number;
}

export interface NearMiss {
  readonly rule: string;
  readonly changes: readonly Change[];
}

/** What a change makes of a call; null where it does not apply. */
type Edit = (call: Call, pick: number, builder: NearMissBuilder) => Partial<Call> | null;

interface Call {
  readonly kernel: string;
  readonly inputs: readonly Value[];
  readonly attrs: Attrs;
}

const replaced = (inputs: readonly Value[], at: number, by: Value): readonly Value[] =>
  inputs.map((value, i) => (i === at ? by : value));

/** A shape that is like another one: an axis stretched, shrunk to 1, added, dropped, or moved. */
function likeShape(shape: Shape, pick: number): number[] {
  const axis = shape.length ? pick % shape.length : 0;
  const others = shape.filter((_, i) => i !== axis);
  const at = (dim: number): number[] => shape.map((old, i) => (i === axis ? dim : old));
  const forms = [
    at(1),
    at((shape[axis] ?? 1) + 1),
    at(2 * (shape[axis] ?? 1)),
    [1, ...shape],
    [...shape, 1],
    others,
    [...others, shape[axis] ?? 1],
    [],
  ];
  return forms[(pick >> 3) % forms.length];
}

/** Another value for an attribute, or for an element of it. */
function alter(value: unknown, pick: number): unknown {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return [value + 1, value - 1, -value, 0, 2 * value][pick % 5];
  if (Array.isArray(value) && value.length > 0) {
    const at = pick % value.length;
    return value.map((one: unknown, i) => (i === at ? alter(one, pick >> 2) : one));
  }
  if (typeof value === 'object' && value !== null) {
    const names = Object.keys(value);
    const name = names[pick % names.length];
    const one = (value as Record<string, unknown>)[name];
    // Expressions are what rules make, not what they find.
    return typeof one === 'number' ? { ...value, [name]: alter(one, pick >> 2) } : value;
  }
  return value;
}

const ELEMENTWISE = ['Relu', 'Neg', 'Exp', 'Abs', 'Square'];

const EDITS: readonly Edit[] = [
  // Operands that change places, or are one.
  ({ inputs }) =>
    inputs.length > 1 ? { inputs: [inputs[1], inputs[0], ...inputs.slice(2)] } : null,
  ({ inputs }, pick) =>
    inputs.length > 1 ? { inputs: replaced(inputs, pick % inputs.length, inputs[0]) } : null,
  // An attribute of another value.
  ({ attrs }, pick) => {
    const names = Object.keys(attrs);
    if (names.length === 0) return null;
    const name = names[pick % names.length];
    return { attrs: { ...attrs, [name]: alter(attrs[name], pick >> 3) } };
  },
  // An operand in another layout.
  ({ inputs }, pick, builder) => {
    const at = pick % inputs.length;
    const { shape } = inputs[at];
    const perm = shape.map((_, axis) => (axis + 1 + (pick >> 2)) % shape.length);
    return { inputs: replaced(inputs, at, builder.plain('Transpose', [inputs[at]], { perm })) };
  },
  ({ inputs }, pick, builder) => {
    const at = pick % inputs.length;
    const shape = [...inputs[at].shape].reverse();
    return { inputs: replaced(inputs, at, builder.plain('Reshape', [inputs[at]], {}, shape)) };
  },
  // Something in between.
  ({ inputs }, pick, builder) => {
    const at = pick % inputs.length;
    const kernel = ELEMENTWISE[(pick >> 2) % ELEMENTWISE.length];
    return { inputs: replaced(inputs, at, builder.plain(kernel, [inputs[at]])) };
  },
  ({ inputs }, pick, builder) => {
    const at = pick % inputs.length;
    const kernel = ['Add', 'Multiply', 'Sub', 'Maximum'][(pick >> 2) % 4];
    const operand = builder.random(likeShape(inputs[at].shape, pick >> 4), pick);
    return { inputs: replaced(inputs, at, builder.plain(kernel, [inputs[at], operand])) };
  },
  // An operand that is fed and not constant, or the other way round, of this shape or of one like it.
  ({ inputs }, pick, builder) => {
    const at = pick % inputs.length;
    const { shape, constant, dtype } = inputs[at];
    if (dtype !== 'float32') return null;
    const other = (pick >> 2) % 2 ? likeShape(shape, pick >> 3) : shape;
    const by = constant ? builder.fed(other) : builder.random(other, pick);
    return { inputs: replaced(inputs, at, by) };
  },
  ({ inputs }, pick, builder) => {
    const at = inputs.findIndex(({ constant }) => constant);
    if (at < 0 || inputs[at].dtype !== 'float32') return null;
    return {
      inputs: replaced(inputs, at, builder.random(likeShape(inputs[at].shape, pick), pick)),
    };
  },
  // A number that is another one.
  ({ inputs }, pick, builder) => {
    const at = inputs.findIndex(({ constant, shape }) => constant?.host && sizeOf(shape) === 1);
    if (at < 0) return null;
    const old = inputs[at].constant?.host?.[0] ?? 0;
    const number = [0, -0, 1, -1, 1.5 * old, old + 1, 2][pick % 7];
    return { inputs: replaced(inputs, at, builder.scalar(number, inputs[at].dtype)) };
  },
  // Whole numbers.
  ({ inputs }, pick, builder) => {
    const whole = inputs.map((value) =>
      value.dtype === 'float32' ? builder.plain('Cast', [value], { dtype: 'int32' }) : value,
    );
    void pick;
    return { inputs: whole };
  },
  // Somebody else who reads an operand, or is asked for it.
  ({ inputs }, pick, builder) => {
    const value = inputs[pick % inputs.length];
    if (!value.producer) return null;
    builder.asked.push((pick >> 2) % 2 ? value : builder.plain('Sin', [builder.asFloat(value)]));
    return {};
  },
];

/** Builds as its base does, but for what the changes say. */
class NearMissBuilder extends GraphBuilder {
  /** Values that are results besides. */
  readonly asked: Value[] = [];
  private calls = 0;
  private isPlain = false;

  constructor(private readonly changes: readonly Change[]) {
    super();
    this.origins = ['node'];
  }

  override op(...args: Parameters<GraphBuilder['op']>): Value {
    if (this.isPlain) return super.op(...args);
    const [kernel, inputs, attrs = {}, origins, shape] = args;
    let call: Call = { kernel, inputs, attrs };
    const at = this.calls++;
    for (const { what, pick } of this.changes.filter((change) => change.at === at)) {
      call = { ...call, ...this.attempt(() => EDITS[what % EDITS.length](call, pick, this)) };
    }
    const changed = this.attempt(() =>
      super.op(call.kernel, call.inputs, call.attrs, origins, shape),
    );
    return changed ?? this.quietly(() => super.op(...args));
  }

  /** An invocation that no change touches. */
  plain(kernel: string, inputs: readonly Value[], attrs: Attrs = {}, shape?: Shape): Value {
    return this.quietly(() => this.op(kernel, inputs, attrs, this.origins, shape));
  }

  asFloat(value: Value): Value {
    return value.dtype === 'float32' ? value : this.plain('Cast', [value], { dtype: 'float32' });
  }

  random(shape: Shape, seed: number): Value {
    return this.hostConstant(shape, 'float32', seededNumbers(seed + 17, sizeOf(shape)));
  }

  fed(shape: Shape): Value {
    return this.input({ shape, dtype: 'float32' });
  }

  /** What a change makes; null where the IR has no form for it. */
  private attempt<T>(make: () => T): T | null {
    try {
      return this.quietly(make);
    } catch (error) {
      // What a case builds by hand, no inference has looked at.
      if (error instanceof RefusedError || error instanceof TypeError) return null;
      throw error;
    }
  }

  private quietly<T>(make: () => T): T {
    const before = this.isPlain;
    this.isPlain = true;
    try {
      return make();
    } finally {
      this.isPlain = before;
    }
  }
}

/** The graph of a near miss; null where the changes leave none. */
export function nearMissGraph({ rule, changes }: NearMiss): Graph | null {
  const builder = new NearMissBuilder(changes);
  try {
    builder.graph.outputs.push(...[RULE_CASES[rule].build(builder)].flat());
  } catch (error) {
    if (error instanceof RefusedError) return null;
    throw error;
  }
  builder.graph.outputs = [...new Set([...builder.graph.outputs, ...builder.asked])];
  return builder.graph;
}

/** Near misses of some rules. */
export const nearMisses = (rules: readonly string[]): fc.Arbitrary<NearMiss> =>
  fc.record({
    rule: fc.constantFrom(...rules),
    changes: fc.array(
      fc.record({ at: fc.nat(9), what: fc.nat(EDITS.length - 1), pick: fc.nat(255) }),
      { minLength: 1, maxLength: 3 },
    ),
  });
