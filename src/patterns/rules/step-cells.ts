/**
 * What the steps of an unrolled recurrence have in common. All steps are walked at once: a cell is a kernel of a
 * step, and a column is what it computes in each of them.
 */
import { attrsKey } from '../../ir/attrs-key';
import { scalarOp } from '../../ir/expression';
import { sameShape, sizeOf, type Node, type Value } from '../../ir/graph';
import { scalarValue } from '../match';
import type { Match } from '../rule';
import { rowsOf, type Rows } from './rows-of';
import { isOfRows } from './stack-rows';

/** A value of each step; undefined in the last one where nobody needs it there. */
export type Column = readonly (Value | undefined)[];

/**
 * A state of before a step, rows of a sequence, what all steps share, or a kernel: a product, an elementwise
 * kernel, columns of another cell, or its rows under another shape.
 */
export type CellKind =
  'state' | 'sequence' | 'operand' | 'product' | 'scalar' | 'columns' | 'shape';

export interface Cell {
  readonly kind: CellKind;
  readonly column: (Value | undefined)[];
  readonly inputs: readonly Cell[];
  /** Whether steps compute it: not what is there before the first one. */
  readonly isStep: boolean;
}

/** Kernels of a step, at most: what is longer is no cell of a layer. */
const MAX_CELLS = 96;

/** The products of one matrix by their depth: how many of them each has behind it, and itself. */
export class ProductDepths {
  private readonly known = new Map<Node, number>();

  constructor(private readonly products: ReadonlySet<Node>) {}

  of({ producer: root }: Value): number {
    if (!root) return 0;
    const stack = [root];
    for (let node = stack.at(-1); node; node = stack.at(-1)) {
      const producers = node.inputs.flatMap(({ producer }) => producer ?? []);
      const waiting = producers.filter((producer) => !this.known.has(producer));
      if (waiting.length > 0 && !this.known.has(node)) {
        stack.push(...waiting);
        continue;
      }
      stack.pop();
      const behind = producers.map((producer) => this.known.get(producer) as number);
      this.known.set(node, Math.max(0, ...behind) + (this.products.has(node) ? 1 : 0));
    }
    return this.known.get(root) as number;
  }
}

const widthOf = ({ shape }: Value): number => shape.at(-1) ?? 1;
const countRows = ({ shape }: Value): number => sizeOf(shape.slice(0, -1));

/** Whether two values are one, or equal numbers, of which each step may have its own. */
function isSame(a: Value, b: Value): boolean {
  if (a === b) return true;
  const number = scalarValue(a);
  return (
    number !== undefined &&
    Object.is(number, scalarValue(b)) &&
    a.dtype === b.dtype &&
    sameShape(a.shape, b.shape)
  );
}

/** Columns of all rows of a value. */
function isColumns({ kernel, attrs, inputs: [x], outputs: [part] }: Node): boolean {
  return (
    kernel === 'Slice' &&
    (attrs.strides as number[]).every((stride) => stride === 1) &&
    x.shape.every((dim, axis) => axis === x.shape.length - 1 || dim === part.shape[axis])
  );
}

function kindOf(node: Node): CellKind | null {
  const [output] = node.outputs;
  if (isOfRows(node)) return 'product';
  if (isColumns(node)) return 'columns';
  if (node.kernel === 'Reshape') {
    return widthOf(node.inputs[0]) === widthOf(output) && output.shape.length > 0 ? 'shape' : null;
  }
  return scalarOp(node.kernel) ? 'scalar' : null;
}

/** Whether `rows` of the steps follow each other, `count` of them in each. */
export function areSuccessive(rows: readonly (Rows | null)[], count: number): rows is Rows[] {
  const [first] = rows;
  return rows.every(
    (each, step) =>
      each?.of === first?.of &&
      each?.count === count &&
      each.column === first?.column &&
      each.first === first.first + step * count,
  );
}

export class StepCells {
  /** Operands first. */
  readonly cells: Cell[] = [];
  /** Why there are none; empty if there are. */
  refused = '';
  private readonly byValue = new Map<Value, Cell>();

  /**
   * @param depths of the products of one matrix, one of each step.
   * @param rows of each product.
   */
  constructor(
    private readonly depths: ProductDepths,
    private readonly rows: number,
  ) {}

  /** The cell that computes `column`, and all that it needs; null, and a reason, if there is none. */
  visit(column: readonly Value[]): Cell | null {
    // In the first steps, several states may be the same zeros.
    const key = column[column.length - 1];
    const known = this.byValue.get(key);
    if (known?.column.every((value, step) => value === column[step])) return known;
    if (known || this.cells.length === MAX_CELLS) return this.refuse('its steps are not alike');
    const cell = this.leafOf(column) ?? this.kernelOf(column);
    if (cell) {
      this.cells.push(cell);
      this.byValue.set(key, cell);
    }
    return cell;
  }

  private refuse(reason: string): null {
    this.refused ||= reason;
    return null;
  }

  private leafOf(column: readonly Value[]): Cell | null {
    const leaf = (kind: CellKind): Cell => ({
      ...{ kind, column: [...column], inputs: [], isStep: false },
    });
    const [first] = column;
    if (column.every((value) => isSame(value, first))) return leaf('operand');
    if (column.every((value, step) => this.depths.of(value) === step)) return leaf('state');
    return areSuccessive(column.map(rowsOf), this.rows) ? leaf('sequence') : null;
  }

  private kernelOf(column: readonly Value[]): Cell | null {
    const nodes = column.flatMap(({ producer }) => producer ?? []);
    const [node] = nodes;
    const kind = nodes.length === column.length ? kindOf(node) : null;
    const depths = column.map((value) => this.depths.of(value));
    const isStep = depths.every((depth, step) => depth === step + 1);
    if (!kind || !(isStep || depths.every((depth) => depth === 0))) {
      return this.refuse(`its steps read ${node?.kernel ?? 'what is no step of a sequence'}`);
    }
    if (countRows(column[0]) !== this.rows || !nodes.every((other) => isAlike(node, other))) {
      return this.refuse('its steps are not alike');
    }
    if (kind === 'product' && !isStep) return this.refuse('each step has a product of its inputs');
    const inputs: Cell[] = [];
    for (let at = 0; at < node.inputs.length; at++) {
      const input = this.visit(nodes.map((other) => other.inputs[at]));
      if (!input) return null;
      inputs.push(input);
    }
    return { kind, column: [...column], inputs, isStep };
  }

  /** The cell whose results are the states `state`, a step later. */
  nextOf({ column }: Cell): Cell | undefined {
    return this.cells.find(
      ({ isStep, column: next }) =>
        isStep && column.every((value, step) => step === 0 || value === next[step - 1]),
    );
  }

  /** Finds what is there of one step more, the last. */
  addLastStep(match: Match): void {
    const last = this.cells[0].column.length;
    for (const cell of this.cells) {
      if (cell.kind === 'operand') cell.column.push(cell.column[0]);
      else if (cell.kind === 'state') cell.column.push(this.nextOf(cell)?.column[last - 1]);
    }
    for (const cell of this.cells) {
      if (!cell.isStep) continue;
      const [model] = cell.column as readonly Value[];
      const carried = cell.inputs.filter(({ isStep, kind }) => isStep || kind === 'state');
      const known = carried.map(({ column }) => column[last]).find((value) => value);
      const candidates = known ? match.usesOf(known) : [];
      const found = candidates.find(
        (node) => model.producer && isAlike(model.producer, node) && this.reads(cell, node, last),
      );
      cell.column[last] = found?.outputs[0];
    }
  }

  /** Whether `node` reads what its cell does, in the step `last`; rows of sequences are learned by that. */
  private reads({ inputs }: Cell, node: Node, last: number): boolean {
    return inputs.every((cell, at) => this.stands(cell, node.inputs[at], last));
  }

  private stands(cell: Cell, value: Value, last: number): boolean {
    const { kind, column, isStep } = cell;
    const [model] = column as readonly Value[];
    if (kind === 'operand') return isSame(model, value);
    if (isStep || column[last] || kind === 'state') return column[last] === value;
    const { producer } = value;
    const isIt =
      kind === 'sequence'
        ? areSuccessive(
            [...column.slice(0, last), value].map((each) => rowsOf(each as Value)),
            this.rows,
          )
        : producer !== undefined &&
          isAlike(model.producer as Node, producer) &&
          this.reads(cell, producer, last);
    if (isIt) column[last] = value;
    return isIt;
  }
}

function isAlike(a: Node, b: Node): boolean {
  return (
    a.kernel === b.kernel &&
    a.inputs.length === b.inputs.length &&
    a.outputs[0].dtype === b.outputs[0].dtype &&
    sameShape(a.outputs[0].shape, b.outputs[0].shape) &&
    attrsKey(a.attrs) === attrsKey(b.attrs)
  );
}
