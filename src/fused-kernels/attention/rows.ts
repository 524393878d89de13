/**
 * `softmax(score(q · kᵀ)) · v` in one dispatch that never stores the scores: it streams over the
 * keys with a running maximum and rescales what it has summed when the maximum grows. Milakov and
 * Gimelshein, "Online normalizer calculation for softmax" (2018); Dao et al., "FlashAttention"
 * (2022).
 *
 * A query belongs to an invocation. Where queries are too few for the device, it belongs to a
 * workgroup whose invocations share the keys, and which joins their sums at the end, as in Dao et
 * al., "Flash-Decoding" (2023).
 */
import { f32Literal, type Expr } from '../../ir/expression';
import type { Node } from '../../ir/graph';
import { sizeOf } from '../../ir/graph';
import type { IndexExpr } from '../../ir/index-expression';
import * as ix from '../../ir/index-expression';
import type { KernelEmission } from '../emit';
import { WORKGROUP_SIZE } from '../emit';
import { emitExpression } from '../expression';
import { mayExceed } from '../loops';
import { ownerThreads } from '../shared-output';
import { broadcastCoords, laneVariable, type Operand } from '../wgsl/inliner';
import { vectorType, type ShaderProgram } from '../wgsl/kernel-writer';
import { combineInWorkgroup } from '../workgroup-combine';

/** Keys an invocation works on at a time: the sums are rescaled once for all of them. */
const KEY_BLOCK = 4;

/**
 * Turns of the loop over keys whose sums are taken apart from what was summed before, so that
 * roundings grow with them instead of the number of keys, as in `running-sum.ts`. Wide heads go
 * without: a second row of sums would not fit beside the first in registers.
 */
const SUM_BLOCK = 16;
const MAX_BLOCKED_STEPS = 16;

/** Pieces of a row of sums that a workgroup joins at a time, to bound its memory. */
const JOINED_PIECES = 8;

/** Lowest finite float: a maximum that −∞, a hidden key, does not replace. */
const LOWEST = f32Literal(-3.4028234663852886e38);

/** An axis of a head, in vectors where its length allows it. */
interface HeadAxis {
  readonly width: 1 | 4;
  readonly steps: number;
  readonly type: string;
  at(step: IndexExpr): IndexExpr;
}

function headAxis(length: number): HeadAxis {
  const width = length % 4 === 0 ? 4 : 1;
  return {
    width,
    steps: length / width,
    type: vectorType('float32', width),
    at: (step) => (width === 4 ? ix.add(ix.scale(step, 4), laneVariable) : step),
  };
}

/** A loop along a head, which software drivers would take minutes to unroll. */
function headLoop(
  { writer }: KernelEmission,
  name: string,
  { steps }: HeadAxis,
  body: (step: IndexExpr) => void,
): void {
  const limit = writer.uniform(`${name}Steps`, steps);
  writer.block(`for (var ${name} = 0; ${name} < ${limit}; ${name}++)`, () => {
    writer.defineVariable(name);
    body(ix.variable(name, steps));
  });
}

class AttentionRows {
  private readonly node: Node;
  private readonly batch: readonly number[];
  private readonly queries: number;
  private readonly keys: number;
  private readonly head: HeadAxis;
  private readonly result: HeadAxis;
  private readonly row: readonly IndexExpr[];
  private readonly shared: boolean;
  private readonly blocks: number;
  /** Turns of the loop over keys that an invocation takes. */
  private readonly trips: number;
  private readonly inSumBlocks: boolean;
  private readonly block: number;
  private readonly threads: ReturnType<typeof ownerThreads>;

  constructor(private readonly emission: KernelEmission) {
    this.node = emission.request.group.anchor;
    const [query, key, value] = this.node.inputs.map(({ shape }) => shape);
    const rank = query.length;
    this.batch = query.slice(0, -2);
    this.queries = query[rank - 2];
    this.keys = key[rank - 2];
    this.head = headAxis(query[rank - 1]);
    this.result = headAxis(value[rank - 1]);
    this.block = Math.min(KEY_BLOCK, this.keys);
    this.blocks = Math.ceil(this.keys / this.block);
    const rows = sizeOf(this.batch) * this.queries;
    this.shared = this.blocks > 16 && rows < emission.request.target.busyInvocations;
    this.trips = this.shared ? Math.ceil(this.blocks / WORKGROUP_SIZE) : this.blocks;
    this.inSumBlocks = this.trips > SUM_BLOCK && this.result.steps <= MAX_BLOCKED_STEPS;
    this.threads = ownerThreads(emission, rows, this.shared, 'row');
    this.row = ix.delinearize(ix.variable('row', rows), [...this.batch, this.queries]);
  }

  write(): ShaderProgram {
    const { writer, inliner } = this.emission;
    const { head, result } = this;
    writer.statement(`var query: array<${head.type}, ${head.steps}>;`);
    headLoop(this.emission, 'd', head, (d) => {
      const q = inliner.value(this.node.inputs[0], [...this.row, head.at(d)]);
      writer.statement(`query[d] = ${inliner.widen(q, head.width)};`);
    });
    writer.statement(`var sums: array<${result.type}, ${result.steps}>;`);
    writer.statement(`var top = ${LOWEST};`);
    if (this.inSumBlocks) {
      writer.statement(`var earlier: array<${result.type}, ${result.steps}>;`);
      writer.statement('var earlierTotal = 0.0;');
      writer.statement(`var earlierTop = ${LOWEST};`);
    }
    writer.statement('var total = 0.0;');
    const start = this.shared ? 'i32(local.x)' : '0';
    const stride = this.shared ? WORKGROUP_SIZE : 1;
    const header = `for (var block = ${start}; block < ${writer.dim('blocks', this.blocks)}; block += ${stride})`;
    writer.block(header, () => {
      writer.defineVariable('block');
      this.visitKeys();
    });
    if (this.inSumBlocks) {
      this.joinEarlier((earlier, sum) => writer.statement(`${sum} += ${earlier} * carry;`));
    }
    if (this.shared) this.joinInvocations();
    else {
      writer.statement('let denominator = total;');
      headLoop(this.emission, 'e', result, (e) => this.store(e, 'sums[e] / denominator'));
    }
    return writer.finish(this.emission.title, this.threads.workgroups, this.threads.parameters);
  }

  /** Scores of a block of keys, and their share of the sums. */
  private visitKeys(): void {
    const { writer, inliner } = this.emission;
    const { head, result } = this;
    const [, key, value] = this.node.inputs;
    const lanes = Array.from({ length: this.block }, (_, j) => j);
    const keys = lanes.map((j) => this.nameKey(j));
    for (const j of lanes) writer.statement(`var product${j} = ${head.type}(0.0);`);
    headLoop(this.emission, 'd', head, (d) => {
      for (const j of lanes) {
        const k = inliner.value(key, [...this.batchCoords(key.shape), keys[j].index, head.at(d)]);
        writer.statement(`product${j} += query[d] * ${inliner.widen(k, head.width)};`);
      }
    });
    for (const j of lanes) this.writeScore(j, keys[j]);
    const highest = lanes.reduce((code, j) => `max(${code}, score${j})`, 'top');
    writer.statement(`let highest = ${highest};`);
    writer.statement('let fade = exp(top - highest);');
    for (const j of lanes) {
      const power = `exp(score${j} - highest)`;
      const { inside } = keys[j];
      writer.statement(`let weight${j} = ${inside ? `select(0.0, ${power}, ${inside})` : power};`);
    }
    const weights = lanes.map((j) => `weight${j}`).join(' + ');
    writer.statement(`total = total * fade + (${weights});`);
    headLoop(this.emission, 'e', result, (e) => {
      const terms = lanes.map((j) => {
        const at = [...this.batchCoords(value.shape), keys[j].index, result.at(e)];
        return `weight${j} * ${inliner.widen(inliner.value(value, at), result.width)}`;
      });
      writer.statement(`sums[e] = sums[e] * fade + ${terms.join(' + ')};`);
    });
    writer.statement('top = highest;');
    if (!this.inSumBlocks) return;
    const trip = this.shared ? `(block / ${WORKGROUP_SIZE})` : 'block';
    writer.block(`if ((${trip} & ${SUM_BLOCK - 1}) == ${SUM_BLOCK - 1})`, () => {
      this.joinEarlier((earlier, sum, type) => {
        writer.statement(`${earlier} = ${earlier} * carry + ${sum};`);
        writer.statement(`${sum} = ${type}(0.0);`);
      });
      writer.statement('earlierTop = top;');
    });
  }

  /** Brings the sums of earlier blocks to the maximum of now, and joins this block's to them. */
  private joinEarlier(join: (earlier: string, sum: string, type: string) => void): void {
    this.emission.writer.statement('let carry = exp(earlierTop - top);');
    join('earlierTotal', 'total', 'f32');
    headLoop(this.emission, 'e', this.result, () =>
      join('earlier[e]', 'sums[e]', this.result.type),
    );
  }

  /** Key `j` of the block; beyond the last one it repeats that, and `inside` says so. */
  private nameKey(j: number): { index: IndexExpr; inside: string | null } {
    const { writer, inliner } = this.emission;
    const index = ix.shift(ix.scale(ix.variable('block', this.blocks), this.block), j);
    const isTail = mayExceed(writer, index, this.keys);
    const code = inliner.index(index);
    const last = writer.uniforms.size(this.keys - 1, 'keys', 'last');
    writer.statement(`let key${j} = ${isTail ? `min(${code}, ${last})` : code};`);
    writer.defineVariable(`key${j}`);
    return {
      index: ix.variable(`key${j}`, this.keys),
      inside: isTail ? `(${code} <= ${last})` : null,
    };
  }

  /** The score of one key: what stands between the product and the softmax. */
  private writeScore(j: number, key: { index: IndexExpr; inside: string | null }): void {
    const { writer, inliner } = this.emission;
    const product = this.head.width === 4 ? `dot(product${j}, vec4<f32>(1.0))` : `product${j}`;
    writer.statement(`let dot${j} = ${product};`);
    const shape = [...this.batch, this.queries, this.keys];
    const result = emitExpression(
      this.emission,
      this.node.attrs.score as Expr,
      1,
      `s${j}_`,
      (slot) => {
        if (slot === 0) return { code: `dot${j}`, width: 1, dtype: 'float32', depth: writer.depth };
        const mask = this.node.inputs[slot + 2];
        return inliner.value(mask, broadcastCoords([...this.row, key.index], shape, mask.shape));
      },
    );
    const score = key.inside ? `select(${LOWEST}, ${result}, ${key.inside})` : result;
    writer.statement(`let score${j} = ${score};`);
  }

  private batchCoords(shape: readonly number[]): IndexExpr[] {
    return shape.slice(0, -2).map((dim, axis) => (dim === 1 ? ix.zero : this.row[axis]));
  }

  /** Joins the sums of a workgroup's invocations, some pieces of the row at a time. */
  private joinInvocations(): void {
    const { emission, result } = this;
    const { writer } = emission;
    const best = combineInWorkgroup(emission, 'bests', 'f32', 'top', (a, b) => `max(${a}, ${b})`);
    writer.statement(`let share = exp(top - ${best});`);
    const all = combineInWorkgroup(
      emission,
      'totals',
      'f32',
      'total * share',
      (a, b) => `${a} + ${b}`,
    );
    writer.statement(`let denominator = ${all};`);
    const segments = WORKGROUP_SIZE / JOINED_PIECES;
    const size = WORKGROUP_SIZE * JOINED_PIECES;
    writer.declare(`var<workgroup> pieces: array<${result.type}, ${size}>;`);
    const chunks = Math.ceil(result.steps / JOINED_PIECES);
    const ragged = result.steps % JOINED_PIECES !== 0;
    writer.statement('let lane = i32(local.x);');
    writer.block(`for (var chunk = 0; chunk < ${chunks}; chunk++)`, () => {
      writer.block(`for (var i = 0; i < ${JOINED_PIECES}; i++)`, () => {
        const last = `min(chunk * ${JOINED_PIECES} + i, ${result.steps - 1})`;
        const piece = ragged ? last : `chunk * ${JOINED_PIECES} + i`;
        writer.statement(`pieces[i * ${WORKGROUP_SIZE} + lane] = sums[${piece}] * share;`);
      });
      writer.statement('workgroupBarrier();');
      writer.statement(`var part = ${result.type}(0.0);`);
      writer.block(`for (var i = 0; i < ${segments}; i++)`, () => {
        writer.statement(`part += pieces[lane * ${segments} + i];`);
      });
      writer.statement('workgroupBarrier();');
      writer.statement('pieces[lane] = part;');
      writer.statement('workgroupBarrier();');
      const inside = ragged ? ` && chunk * ${JOINED_PIECES} + lane < ${result.steps}` : '';
      writer.block(`if (lane < ${JOINED_PIECES}${inside})`, () => {
        writer.statement(`var whole = ${result.type}(0.0);`);
        writer.block(`for (var i = 0; i < ${segments}; i++)`, () => {
          writer.statement(`whole += pieces[lane * ${segments} + i];`);
        });
        writer.statement(`let e = chunk * ${JOINED_PIECES} + lane;`);
        writer.defineVariable('e');
        this.store(ix.variable('e', result.steps), 'whole / denominator');
      });
      writer.statement('workgroupBarrier();');
    });
  }

  private store(e: IndexExpr, code: string): void {
    const { writer, inliner } = this.emission;
    const operand: Operand = inliner.define(code, this.result.width, 'float32', writer.depth);
    this.emission.epilogue([...this.row, this.result.at(e)], operand, this.result.width);
  }
}

export function emitAttentionRows(emission: KernelEmission): ShaderProgram {
  return new AttentionRows(emission).write();
}
