/**
 * All steps of a recurrent layer in one dispatch. A workgroup owns a few rows and takes them from step to step: its
 * states, and the products of a step, stay in workgroup memory, and the invocations share the columns. Weights are
 * streamed from memory in every step: for small layers only, which is what the rule `recurrence` sees to. Diamos et
 * al., "Persistent RNNs: Stashing Recurrent Weights On-Chip" (2016), keep states on chip in this way.
 */
import type { Expr } from '../ir/expression';
import type { Node } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import { columnsOf, recurrenceOf, sourceColumns, type Recurrence } from '../ir/recurrence';
import type { KernelEmission } from './emit';
import { emitKernel } from './emit';
import { emitExpressions } from './expression';
import type { FusedKernel, KernelTarget } from './kernel';
import { emitLoop, mayExceed, namedIndex } from './loops';
import { numberTiles, ownerThreads } from './shared-output';
import { laneVariable, type Operand } from './wgsl/inliner';
import { vectorType, type ShaderProgram } from './wgsl/kernel-writer';

/** What every device has (WebGPU, section "Limits"). */
const MAX_INVOCATIONS = 256;
const MAX_MEMORY = 16384;

/** How a recurrence is divided. */
interface StepLayout {
  /** Elements of the vectors in workgroup memory. */
  readonly lanes: 1 | 4;
  /** Rows of a workgroup. */
  readonly tileRows: number;
  readonly invocations: number;
  /** Columns of the longest rows of a product that are no state as it is; 0 if all are. */
  readonly operandColumns: number;
}

const ofNode = ({ inputs, attrs }: Node): Recurrence => recurrenceOf(inputs, attrs);

/** The state that an expression is, all of it; undefined if it is another one. */
function stateOf({ slots }: Recurrence, expr: Expr): number | undefined {
  const slot = expr.kind === 'input' ? slots[expr.index] : undefined;
  return slot?.source === 'state' && slot.begin === 0 ? slot.index : undefined;
}

function layoutOf(recurrence: Recurrence, target: KernelTarget): StepLayout {
  const { states, weights, products, slots } = recurrence;
  const [rows, units] = states[0].shape;
  const isWhole = (count: number): boolean => count % 4 === 0;
  const inMemory = slots.filter(({ source }) => source === 'state' || source === 'product');
  const isVector =
    isWhole(units) &&
    weights.every(({ shape }) => shape.every(isWhole)) &&
    inMemory.every(({ begin }) => isWhole(begin));
  const computed = products.flatMap(({ operand }, at) =>
    stateOf(recurrence, operand) === undefined ? [depthOf(recurrence, at)] : [],
  );
  const operandColumns = Math.max(0, ...computed);
  const columns = products.map((_, at) => columnsOf(recurrence, at));
  const perRow = columns.reduce(
    (sum, count) => sum + count,
    states.length * units + operandColumns,
  );
  // A processor reads its weights once for several rows; on a GPU, rows run side by side.
  let tileRows = Math.min(rows, target.busyWorkgroups === 1 ? target.maxTile[0] : Math.ceil(rows / target.busyWorkgroups)); // prettier-ignore
  while (tileRows > 1 && 4 * perRow * tileRows > MAX_MEMORY) tileRows--;
  const lanes = isVector ? 4 : 1;
  const wanted = Math.min(target.busyInvocations, Math.max(...columns) / lanes);
  let invocations = target.blockInvocations;
  while (invocations < wanted && invocations < MAX_INVOCATIONS) invocations *= 2;
  return { lanes, tileRows, invocations, operandColumns };
}

const depthOf = ({ products, weights }: Recurrence, at: number): number =>
  weights[at].shape[products[at].transposeB ? 1 : 0];

function emitRecurrence(emission: KernelEmission): ShaderProgram {
  const { writer, inliner, request } = emission;
  const recurrence = ofNode(request.group.anchor);
  const { states, weights, sequenceValues, operands, slots, products } = recurrence;
  const { next, results, steps } = recurrence;
  const [rows, units] = states[0].shape;
  const { lanes, tileRows, invocations, operandColumns } = layoutOf(recurrence, request.target);
  const type = vectorType('float32', lanes);

  const declare = (name: string, columns: number): void =>
    writer.declare(`var<workgroup> ${name}: array<${type}, ${(tileRows * columns) / lanes}>;`);
  states.forEach((_, at) => declare(`state${at}`, units));
  products.forEach((_, at) => declare(`product${at}`, columnsOf(recurrence, at)));
  if (operandColumns > 0) declare('operand', operandColumns);

  const { counts, total } = numberTiles(emission, [Math.ceil(rows / tileRows)], 0);
  const { workgroups, parameters } = ownerThreads(emission, total, true, 'tile');
  writer.statement('let thread = i32(local.x);');
  writer.defineVariable('thread');
  const firstRow = ix.scale(ix.variable('tile', counts[0]), tileRows);
  const barrier = (): void => writer.statement('workgroupBarrier();');
  const along = (vector: IndexExpr): IndexExpr =>
    lanes === 4 ? ix.add(ix.scale(vector, 4), laneVariable) : vector;

  /** Vectors of the rows of this workgroup, which its invocations share; `place` is where they are in memory. */
  const share = (
    name: string,
    columns: number,
    body: (row: IndexExpr, vector: IndexExpr, inTile: IndexExpr, place: string) => void,
  ): void => {
    const vectors = columns / lanes;
    const count = tileRows * vectors;
    const limit = writer.dim(`${name}Count`, count);
    writer.block(
      `for (var ${name} = thread; ${name} < ${limit}; ${name} += ${invocations})`,
      () => {
        writer.defineVariable(name);
        const [inTile, vector] = ix.delinearize(ix.variable(name, count), [tileRows, vectors]);
        const row = namedIndex(emission, 'row', ix.add(firstRow, inTile), rows);
        body(row, vector, inTile, name);
      },
    );
    barrier();
  };

  /** What expressions read at a row and a vector of columns. */
  const slotAt =
    (step: IndexExpr, row: IndexExpr, vector: IndexExpr, inTile: IndexExpr) =>
    (index: number): Operand => {
      const slot = slots[index];
      const columns = sourceColumns(recurrence, slot);
      const column = columns === 1 ? ix.zero : ix.shift(along(vector), slot.begin);
      if (slot.source === 'sequence') {
        const at = ix.add(ix.scale(step, rows), row);
        return inliner.value(sequenceValues[slot.index], [at, column]);
      }
      if (slot.source === 'operand') {
        const value = operands[slot.index];
        return inliner.value(value, [value.shape[0] === 1 ? ix.zero : row, column]);
      }
      const shifted = columns === 1 ? ix.zero : ix.shift(vector, slot.begin / lanes);
      const place = ix.linearize([inTile, shifted], [tileRows, columns / lanes]);
      // A state is read before it is replaced.
      const code = `${slot.source}${slot.index}[${inliner.index(place)}]`;
      const name = writer.freshName('s');
      writer.statement(`let ${name} = ${code};`);
      return { code: name, width: lanes, dtype: 'float32', depth: writer.depth };
    };

  const multiply = (at: number, from: string): void => {
    const { transposeB } = products[at];
    const depth = depthOf(recurrence, at) / lanes;
    const vectors = columnsOf(recurrence, at) / lanes;
    const depthText = writer.dim(`depth${at}`, depth);
    const vectorsText = writer.dim(`vectors${at}`, vectors);
    const tile = Array.from({ length: tileRows }, (_, row) => row);
    const inRow = (row: number, stride: string, index: string): string =>
      row === 0 ? index : `${row} * ${stride} + ${index}`;
    const name = `c${at}`;
    writer.block(
      `for (var ${name} = thread; ${name} < ${vectorsText}; ${name} += ${invocations})`,
      () => {
        writer.defineVariable(name);
        const column = along(ix.variable(name, vectors));
        for (const row of tile) writer.statement(`var sum${row} = ${type}(0.0);`);
        writer.block(`for (var k = 0; k < ${depthText}; k++)`, () => {
          writer.defineVariable('k');
          for (const row of tile) {
            writer.statement(`let x${row} = ${from}[${inRow(row, depthText, 'k')}];`);
          }
          for (let lane = 0; lane < lanes; lane++) {
            const k = ix.shift(ix.scale(ix.variable('k', depth), lanes), lane);
            const weight = inliner.value(weights[at], transposeB ? [column, k] : [k, column]);
            const b = inliner.widen(weight, lanes);
            for (const row of tile) {
              writer.statement(`sum${row} += x${row}${lanes === 4 ? `[${lane}]` : ''} * ${b};`);
            }
          }
        });
        for (const row of tile) {
          writer.statement(`product${at}[${inRow(row, vectorsText, name)}] = sum${row};`);
        }
      },
    );
    barrier();
  };

  share('first', units, (row, vector, _inTile, place) => {
    states.forEach((state, at) => {
      const value = inliner.value(state, [row, along(vector)]);
      writer.statement(`state${at}[${place}] = ${inliner.widen(value, lanes)};`);
    });
  });
  emitLoop(emission, 'step', steps, (step) => {
    products.forEach(({ operand }, at) => {
      const state = stateOf(recurrence, operand);
      if (state === undefined) {
        share(`o${at}`, depthOf(recurrence, at), (row, vector, inTile, place) => {
          const slot = slotAt(step, row, vector, inTile);
          const [code] = emitExpressions(emission, [operand], lanes, `p${at}_`, slot);
          writer.statement(`operand[${place}] = ${code};`);
        });
      }
      multiply(at, state === undefined ? 'operand' : `state${state}`);
    });
    share('e', units, (row, vector, inTile, place) => {
      const slot = slotAt(step, row, vector, inTile);
      const codes = emitExpressions(emission, [...next, ...results], lanes, 'y', slot);
      states.forEach((_, at) => writer.statement(`state${at}[${place}] = ${codes[at]};`));
      const answers = codes.slice(states.length).map((code): Operand => {
        return { code, width: lanes, dtype: 'float32', depth: writer.depth };
      });
      const at = [ix.add(ix.scale(step, rows), row), along(vector)];
      const store = (): void => emission.epilogue(at, answers, lanes);
      const index = ix.add(firstRow, inTile);
      if (!mayExceed(writer, index, rows)) store();
      else writer.block(`if (${inliner.index(index)} < ${writer.dim('rows', rows)})`, store);
    });
  });
  return writer.finish(emission.title, workgroups, parameters);
}

export const recurrenceKernel: FusedKernel = {
  name: 'recurrence',
  anchors: ['Recurrence'],
  refuse: () => null,
  reuse(node, index, target) {
    const recurrence = ofNode(node);
    const { states, weights, steps } = recurrence;
    if (index < states.length) return 1;
    const tiles = Math.ceil(states[0].shape[0] / layoutOf(recurrence, target).tileRows);
    return index < states.length + weights.length ? steps * tiles : 1;
  },
  generate: (request) =>
    emitKernel(
      request,
      emitRecurrence,
      layoutOf(ofNode(request.group.anchor), request.target).invocations,
    ),
};
