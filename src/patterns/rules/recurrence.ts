/** The steps of a recurrent layer, written out one after the other, as one kernel that goes through all of them. */
import type { GraphBuilder } from '../../ir/builder';
import { apply, constant, input, scalarOp, type Expr, type ScalarOp } from '../../ir/expression';
import { sizeOf, type Node, type Shape, type Value } from '../../ir/graph';
import type { RecurrenceAttrs, StepProduct, StepSlot } from '../../ir/recurrence';
import { any, op, scalarValue } from '../match';
import type { FusionRule, Match, Replacement, RuleTarget } from '../rule';
import { rowsOf, type Rows } from './rows-of';
import { isOfRows } from './stack-rows';
import { ProductDepths, StepCells, type Cell } from './step-cells';
import { asMatrix } from './trace-products';

/** Of fewer steps nobody can tell what they have in common. */
const MIN_STEPS = 4;
/** Every workgroup reads all weights in every step, as one of a chain of dense layers does once. */
const MAX_WEIGHTS = 1 << 17;
/** Elements that a row may have in workgroup memory: what all devices have holds four such rows. */
const MAX_ROW = 1024;
/**
 * Rows for each workgroup that keeps the device busy: more are faster in kernels of their own, which read a weight for
 * more rows (32 rows of 128 units take twice as long in one kernel on lavapipe, one row half).
 */
const MAX_ROWS_PER_WORKGROUP = 4;

/** A recurrence found, and what of it is needed elsewhere. */
interface Found {
  readonly attrs: RecurrenceAttrs;
  readonly rows: number;
  /** Before the first step, and the shape that they broadcast to. */
  readonly states: readonly (readonly [Value, Shape])[];
  readonly weights: readonly Value[];
  readonly sequences: readonly Rows[];
  readonly operands: readonly (readonly [Value, Shape])[];
  /** Cells whose values are the results, and those of their values that are needed. */
  readonly results: readonly Cell[];
  readonly needed: ReadonlySet<Value>;
  readonly origins: readonly string[];
}

type Description = Omit<Found, 'origins' | 'needed'>;

/** Products of the root's matrix, each of which has the one before behind it; null if they are others. */
function productsOf({ root, usesOf }: Match): { products: Node[]; depths: ProductDepths } | null {
  const products = usesOf(root.inputs[1]).filter(
    (use) =>
      isOfRows(use) &&
      use.inputs[1] === root.inputs[1] &&
      use.attrs.transposeB === root.attrs.transposeB,
  );
  if (products.length < MIN_STEPS || products[0] !== root) return null;
  const depths = new ProductDepths(new Set(products));
  const depthOf = ({ outputs: [value] }: Node): number => depths.of(value);
  products.sort((a, b) => depthOf(a) - depthOf(b));
  return products.every((product, at) => depthOf(product) === at + 1) ? { products, depths } : null;
}

/** A cell's value in a step that begins with what others handed on: before the first, a state may be a number. */
const modelOf = ({ column }: Cell): Value => column[1] as Value;

/** Writes the cells of a step as expressions of what is there before it, in the order of its products. */
class StepWriter {
  /** Why there is no such expression; empty if there is. */
  refused = '';
  readonly slots: StepSlot[] = [];
  readonly sources: Record<StepSlot['source'], Cell[]> = {
    ...{ state: [], product: [], sequence: [], operand: [] },
  };

  constructor(private readonly rows: number) {}

  /** Columns of a cell from `begin` on. */
  write(cell: Cell, begin = 0): Expr {
    const { kind, inputs } = cell;
    const value = modelOf(cell);
    // What has one column is the same for all.
    const at = (value.shape.at(-1) ?? 1) === 1 ? 0 : begin;
    if (kind === 'scalar') {
      const { kernel, attrs } = value.producer as Node;
      const args = inputs.map((each) => this.write(each, at));
      return apply(scalarOp(kernel) as ScalarOp, args, attrs);
    }
    if (kind === 'shape') return this.write(inputs[0], at);
    if (kind === 'columns') {
      const from = ((value.producer as Node).attrs.begin as number[]).at(-1) as number;
      return this.write(inputs[0], at + from);
    }
    const number = scalarValue(value);
    if (number !== undefined) return constant(number, value.dtype);
    if (kind === 'sequence') return this.slot(kind, cell, at + (rowsOf(value) as Rows).column);
    return this.slot(kind, cell, at);
  }

  private slot(source: StepSlot['source'], cell: Cell, begin: number): Expr {
    const value = modelOf(cell);
    const list = this.sources[source];
    const of = (other: Cell): unknown =>
      source === 'sequence' ? rowsOf(other.column[0] as Value)?.of : other;
    let index = list.findIndex((other) => of(other) === of(cell));
    if (index < 0) index = list.push(cell) - 1;
    if (source === 'operand' && !asMatrix(value.shape, [this.rows, value.shape.at(-1) ?? 1])) {
      this.refused ||= `its operand [${value.shape}] is neither one a row nor one for all`;
    }
    const isKnown = (slot: StepSlot): boolean =>
      slot.source === source && slot.index === index && slot.begin === begin;
    let at = this.slots.findIndex(isKnown);
    if (at < 0) at = this.slots.push({ source, index, begin }) - 1;
    return input(at, value.dtype);
  }
}

function recurrenceOf(match: Match): Found | string {
  const of = isOfRows(match.root) ? productsOf(match) : null;
  if (!of) return '';
  const { products, depths } = of;
  const before = products.map(({ inputs: [x] }) => x);
  const [{ shape }] = before;
  const rows = sizeOf(shape.slice(0, -1));
  const step = new StepCells(depths, rows);
  const next = step.visit(before.slice(1));
  if (!next) return step.refused;
  const states = step.cells.filter(({ kind }) => kind === 'state');
  const nextOf = states.map((state) => step.nextOf(state));
  if (!next.isStep || nextOf.includes(undefined)) return 'its state is not what a step makes of it';
  step.addLastStep(match);
  const handed = [...states, ...(nextOf as Cell[])];
  const units = shape.at(-1) as number;
  for (const steps of [products.length, products.length - 1]) {
    const isThere = step.cells.every(
      ({ kind, column }) => kind !== 'sequence' || column[steps - 1] !== undefined,
    );
    const { results, needed, inside } = neededOf(match, step, steps);
    if (!isThere || !areStates([...handed, ...results], rows, units)) continue;
    const found = describe(step, rows, steps, states, nextOf as Cell[], results);
    if (typeof found === 'string') return found;
    const origins = new Set([...inside].flatMap((node) => node.origins));
    return whyTooLarge(found, units, match.target) ?? { ...found, needed, origins: [...origins] };
  }
  return 'what its steps hand on differs in size';
}

/** Cells whose values are needed by others than the steps, and the kernels of these. */
function neededOf(match: Match, { cells }: StepCells, steps: number) {
  const computed = cells.filter(({ isStep }) => isStep);
  const values = computed.map(({ column }) => column.slice(0, steps));
  const inside = new Set(values.flat().flatMap((value) => value?.producer ?? []));
  const isNeeded = (value: Value): boolean =>
    match.isOutput(value) || match.usesOf(value).some((use) => !inside.has(use));
  const needed = new Set(values.flat().filter((value) => value && isNeeded(value)) as Value[]);
  const isResult = (_cell: Cell, at: number): boolean =>
    values[at].some((value) => value && needed.has(value));
  return { results: computed.filter(isResult), needed, inside };
}

/** Whether cells have the size and the type of a state. */
function areStates(cells: readonly Cell[], rows: number, units: number): boolean {
  return cells
    .map(modelOf)
    .every(
      ({ dtype, shape }) =>
        dtype === 'float32' && shape.at(-1) === units && sizeOf(shape) === rows * units,
    );
}

function describe(
  { cells }: StepCells,
  rows: number,
  steps: number,
  states: readonly Cell[],
  nextOf: readonly Cell[],
  results: readonly Cell[],
): Description | string {
  const writer = new StepWriter(rows);
  const { sources, slots } = writer;
  sources.state.push(...states);
  sources.product.push(...cells.filter(({ kind }) => kind === 'product'));
  const products = sources.product.map(({ inputs: [x], column: [value] }): StepProduct => ({
    operand: writer.write(x),
    transposeB: value?.producer?.attrs.transposeB === true,
  }));
  const next = nextOf.map((cell) => writer.write(cell));
  const resultExprs = results.map((cell) => writer.write(cell));
  if (writer.refused) return writer.refused;
  const first = ({ column }: Cell): Value => column[0] as Value;
  return {
    attrs: {
      steps,
      sequences: sources.sequence.length,
      slots,
      products,
      next,
      results: resultExprs,
    },
    rows,
    states: states.map((cell) => [first(cell), modelOf(cell).shape] as const),
    weights: sources.product.map(({ inputs: [, weights] }) => first(weights)),
    sequences: sources.sequence.map((cell) => rowsOf(first(cell)) as Rows),
    operands: sources.operand.map((cell) => {
      const { shape } = first(cell);
      const matrix = asMatrix(shape, [rows, shape.at(-1) ?? 1]) as Shape;
      return [first(cell), matrix] as const;
    }),
    results,
  };
}

function whyTooLarge(
  { attrs, rows, states, weights, sequences, operands }: Description,
  units: number,
  { maxStorageBuffers, busyWorkgroups }: RuleTarget,
): string | null {
  const columns = weights.reduce((sum, { shape }) => sum + Math.max(...shape.slice(-2)), 0);
  const buffers = [states, weights, sequences, operands, attrs.results];
  const maxRows = MAX_ROWS_PER_WORKGROUP * busyWorkgroups;
  const limits: readonly [count: number, most: number, what: string][] = [
    [weights.reduce((sum, { shape }) => sum + sizeOf(shape), 0), MAX_WEIGHTS, 'weights'],
    [columns + (states.length + 1) * units, MAX_ROW, 'elements of a row'],
    [rows, maxRows, 'rows'],
    [buffers.reduce((sum, { length }) => sum + length, 0), maxStorageBuffers, 'storage buffers'],
  ];
  const broken = limits.find(([count, most]) => count > most);
  return broken ? `${broken[0]} ${broken[2]} are more than ${broken[1]}` : null;
}

/** The node of a recurrence; each of its outputs has the rows of all steps, one step after the other. */
function build(found: Found, builder: GraphBuilder): readonly Value[] {
  const { attrs, rows, states, weights, sequences, operands } = found;
  const matrix = (value: Value): Value => {
    const width = value.shape.at(-1) as number;
    return builder.reshape(value, [sizeOf(value.shape) / width, width]);
  };
  const inputs = [
    ...states.map(([value, shape]) => matrix(builder.broadcastTo(value, shape))),
    ...weights.map((value) => builder.reshape(value, value.shape.slice(-2))),
    ...sequences.map(({ of, first }) =>
      builder.slice(matrix(of), [first, 0], [attrs.steps * rows, of.shape.at(-1) as number]),
    ),
    ...operands.map(([value, shape]) => builder.reshape(value, shape)),
  ];
  return builder.ops('Recurrence', inputs, { ...attrs });
}

export const recurrence: FusionRule<Found> = {
  name: 'recurrence',
  equation: 'h = f(h · w, x₁), h = f(h · w, x₂), … ⇒ all steps in one kernel, for few weights',
  match: op('BatchMatMul', [any(), any()]),
  check: recurrenceOf,
  rewrite(_match, builder, found) {
    const { attrs, rows, results, needed, origins } = found;
    builder.origins = origins;
    const outputs = build(found, builder);
    return results.flatMap(({ column }, at) =>
      column.slice(0, attrs.steps).flatMap((value, step): Replacement[] => {
        if (!value || !needed.has(value)) return [];
        const units = value.shape.at(-1) as number;
        const own = builder.slice(outputs[at], [step * rows, 0], [rows, units]);
        return [[value, builder.reshape(own, value.shape)]];
      }),
    );
  },
};
