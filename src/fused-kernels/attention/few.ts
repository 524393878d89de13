/**
 * Attention of few queries over many keys, in parts: a workgroup has four queries and some of the keys,
 * and stores what it has summed, with the maximum and the sum of weights behind it; `merge.ts` makes
 * one of the parts. Dao et al., "Flash-Decoding" (2023).
 *
 * An invocation has a key, whose scores of four rows are the components of a vector. Then it has a
 * vector of the values of every few keys; at the end the sums of those are added up.
 */
import type { Node } from '../../ir/graph';
import type { IndexExpr } from '../../ir/index-expression';
import * as ix from '../../ir/index-expression';
import type { KernelEmission } from '../emit';
import { mayExceed, namedIndex } from '../loops';
import { ownerThreads } from '../shared-output';
import { laneVariable, type Operand } from '../wgsl/inliner';
import type { ShaderProgram } from '../wgsl/kernel-writer';
import { emitTree } from '../workgroup-combine';
import { emitCappedLoop } from './loop';
import { emitScores, emitVisible, LOWEST, weightFunction } from './score';
import { attentionSizes, sharedBatch, type AttentionSizes } from './sizes';
import { ROWS } from './tile';

/** Invocations of a workgroup, and keys that it has at a time: measured against 64 and 256. */
export const FEW_KEYS = 128;

/** Loads that are under way together. */
const AT_ONCE = 4;

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const ROW_COMPONENTS = range(ROWS);
const powerFrom = (least: number, needed: number): number =>
  Math.max(least, 2 ** Math.ceil(Math.log2(needed)));

class FewQueries {
  private readonly node: Node;
  private readonly sizes: AttentionSizes;
  private readonly keyTiles: number;
  private readonly tilesOfPart: number;
  /** Steps along a head, each of as many vectors as are loaded at once. */
  private readonly steps: number;
  private readonly widthVectors: number;
  /** Invocations side by side along a row of values, and how many rows they have at a time. */
  private readonly columns: number;
  private readonly groups: number;
  /** Components of the vectors that are rows in some workgroup. */
  private readonly used: readonly number[];
  private batch: readonly IndexExpr[] = [];
  private part: IndexExpr = ix.zero;
  private quad: IndexExpr = ix.zero;
  private rows: readonly IndexExpr[] = [];

  constructor(private readonly emission: KernelEmission) {
    this.node = emission.request.group.anchor;
    this.sizes = attentionSizes(this.node);
    const { keys, depth, width } = this.sizes;
    this.used = ROW_COMPONENTS.filter((r) => r < this.sizes.queries);
    this.keyTiles = Math.ceil(keys / FEW_KEYS);
    this.tilesOfPart = (this.node.attrs.keysPerPart as number) / FEW_KEYS;
    this.steps = Math.ceil(depth / 4 / AT_ONCE);
    this.widthVectors = Math.ceil(width / 4);
    this.columns = powerFrom(8, this.widthVectors);
    this.groups = FEW_KEYS / this.columns;
  }

  write(): ShaderProgram {
    const { emission } = this;
    const { writer } = emission;
    const elements = powerFrom(64, this.steps * AT_ONCE * 4);
    for (const [name, length] of [
      ['queries', elements],
      ['weights', FEW_KEYS],
      ['exchange', FEW_KEYS],
    ] as const) {
      writer.declare(`var<workgroup> ${name}: array<vec4<f32>, ${length}>;`);
    }
    const { workgroups, parameters } = this.nameIndices();
    this.stageQueries();
    writer.statement(`var top = vec4<f32>(${LOWEST});`);
    writer.statement('var total = vec4<f32>(0.0);');
    writer.statement('var poison = vec4<u32>(0u);');
    for (const r of this.used) writer.statement(`var sum${r} = vec4<f32>(0.0);`);
    const tiles = writer.uniform('tilesOfPart', this.tilesOfPart);
    const limit = writer.uniform('keyTiles', this.keyTiles);
    writer.statement(`let firstTile = ${emission.inliner.index(this.part)} * ${tiles};`);
    writer.statement(`let endTile = min(firstTile + ${tiles}, ${limit});`);
    writer.block('for (var tile = firstTile; tile < endTile; tile++)', () => {
      writer.statement(`let firstKey = tile * ${FEW_KEYS};`);
      this.scoreKey();
      this.addValues();
    });
    this.store();
    return writer.finish(emission.title, workgroups, parameters);
  }

  private barrier(): void {
    this.emission.writer.statement('workgroupBarrier();');
  }

  private nameIndices() {
    const { emission } = this;
    const { writer } = emission;
    const { heads, queries, batch } = this.sizes;
    const quads = Math.ceil(queries / ROWS);
    const parts = this.node.outputs[0].shape[batch.length];
    const threads = ownerThreads(emission, heads * quads * parts, true, 'owner');
    const owner = ix.variable('owner', heads * quads * parts);
    const [head, quad, part] = ix.delinearize(owner, [heads, quads, parts]);
    this.batch = ix.delinearize(namedIndex(emission, 'head', head, heads), batch);
    this.quad = namedIndex(emission, 'quad', quad, quads);
    this.part = namedIndex(emission, 'part', part, parts);
    this.rows = ROW_COMPONENTS.map((r) =>
      namedIndex(emission, `row${r}`, ix.shift(ix.scale(this.quad, ROWS), r), queries),
    );
    for (const [name, code] of [
      ['thread', 'local.x'],
      ['column', `local.x % ${this.columns}u`],
      ['keyGroup', `local.x / ${this.columns}u`],
    ]) {
      writer.statement(`let ${name} = i32(${code});`);
      writer.defineVariable(name);
    }
    return threads;
  }

  /** Queries, transposed: one element of four rows is a vector; 0 beyond the last element. */
  private stageQueries(): void {
    const { writer, inliner } = this.emission;
    const count = this.steps * AT_ONCE;
    const limit = writer.uniform('queryVectors', count);
    writer.block(`for (var vector = thread; vector < ${limit}; vector += ${FEW_KEYS})`, () => {
      writer.defineVariable('vector');
      const parts = this.rows.map((row) =>
        inliner.widen(this.head(0, this.batch, row, ix.variable('vector', count)), 4),
      );
      for (const element of range(4)) {
        const components = parts.map((part) => `${part}[${element}]`).join(', ');
        writer.statement(`queries[4 * vector + ${element}] = vec4<f32>(${components});`);
      }
    });
  }

  /** A vector of a query or a key, 0 beyond its last element: 0 · NaN would spread. */
  private head(
    input: 0 | 1,
    batch: readonly IndexExpr[],
    row: IndexExpr,
    vector: IndexExpr,
  ): Operand {
    const { inliner } = this.emission;
    const coord = ix.add(ix.scale(vector, 4), laneVariable);
    return inliner.guard([{ coord, extent: this.sizes.depth }], 'float32', 0, () =>
      inliner.value(this.node.inputs[input], [...batch, row, coord]),
    );
  }

  /** A key of the tile; where the last tile has fewer, `isKey` says that it is one, and else it is the last. */
  private nameKey(name: string, inTile: string): { index: IndexExpr; isKey: string } {
    const { writer } = this.emission;
    const { keys } = this.sizes;
    const isRagged = writer.options.anySize || keys % FEW_KEYS !== 0;
    const code = `firstKey + ${inTile}`;
    const bounded = isRagged ? `min(${code}, ${writer.dim('lastKey', keys - 1)})` : code;
    writer.statement(`let ${name} = ${bounded};`);
    writer.defineVariable(name);
    return {
      index: ix.variable(name, keys),
      isKey: isRagged ? `${code} < ${writer.dim('keys', keys)}` : '',
    };
  }

  /** Scores of this invocation's key; the maximum of each row; weights. */
  private scoreKey(): void {
    const { emission, node } = this;
    const { writer, inliner } = emission;
    const batch = sharedBatch(node.inputs[1].shape, this.batch, this.sizes);
    const { index: key, isKey } = this.nameKey('key', 'thread');
    writer.statement('var product = vec4<f32>(0.0);');
    this.barrier();
    emitCappedLoop(writer, 'step', this.steps, this.steps, () => {
      const first = ix.scale(ix.variable('step', this.steps), AT_ONCE);
      const loaded = range(AT_ONCE).map((i) =>
        inliner.widen(this.head(1, batch, key, ix.shift(first, i)), 4),
      );
      loaded.forEach((vector, i) => {
        for (const element of range(4)) {
          const query = `queries[step * ${4 * AT_ONCE} + ${4 * i + element}]`;
          writer.statement(`product = fma(${query}, vec4<f32>(${vector}[${element}]), product);`);
        }
      });
    });
    const rows = ix.add(ix.scale(this.quad, ROWS), laneVariable);
    const score = emitScores(emission, node, 'product', { batch: this.batch, rows, key }, 's');
    emitVisible(emission, 0, score, isKey);
    writer.statement('exchange[thread] = max(top, score0);');
    emitTree(writer, 'exchange', FEW_KEYS, (a, b) => `max(${a}, ${b})`);
    writer.statement('let highest = exchange[0];');
    const weightOf = weightFunction(emission);
    writer.statement(`let fade = ${weightOf}(top - highest);`);
    writer.statement('top = highest;');
    writer.statement(
      `let weight = select(${weightOf}(score0 - highest), vec4<f32>(0.0), hidden0);`,
    );
    writer.statement('weights[thread] = weight;');
    writer.statement('total = total * fade + weight;');
    for (const r of this.used) writer.statement(`sum${r} *= fade[${r}];`);
    this.barrier();
  }

  /** Adds the values of the tile by weight: a vector of every few keys. */
  private addValues(): void {
    const { writer, inliner } = this.emission;
    const value = this.node.inputs[2];
    const batch = sharedBatch(value.shape, this.batch, this.sizes);
    const turns = this.columns / AT_ONCE;
    this.inColumns(() => {
      emitCappedLoop(writer, 'turn', turns, turns, () => {
        const keys = range(AT_ONCE).map((i) => {
          const from = i === 0 ? '' : ` + ${i * this.groups}`;
          const inTile = `turn * ${AT_ONCE * this.groups}${from} + keyGroup`;
          return { inTile, ...this.nameKey(`valueKey${i}`, inTile) };
        });
        const coord = ix.add(ix.scale(ix.variable('column', this.widthVectors), 4), laneVariable);
        const loaded = keys.map(({ index, isKey }) => {
          const code = inliner.widen(inliner.value(value, [...batch, index, coord]), 4);
          // Beyond the last key, where weights are 0: 0 · ∞ would be NaN.
          return isKey ? `select(vec4<f32>(0.0), ${code}, ${isKey})` : code;
        });
        keys.forEach(({ inTile }, i) => {
          writer.statement(`let weight${i} = weights[${inTile}];`);
          writer.statement(`let value${i} = ${loaded[i]};`);
          for (const r of this.used) {
            writer.statement(`sum${r} = fma(vec4<f32>(weight${i}[${r}]), value${i}, sum${r});`);
          }
        });
      });
    });
  }

  /** What only invocations do that have a vector of the values. */
  private inColumns(body: () => void): void {
    const { writer } = this.emission;
    if (this.widthVectors === this.columns) body();
    else writer.block(`if (column < ${writer.dim('widthVectors', this.widthVectors)})`, body);
  }

  /** Stores the sums of the part, row by row, and behind them their maximum and their weight. */
  private store(): void {
    const { emission, rows, groups, columns } = this;
    const { writer, inliner } = emission;
    const { queries } = this.sizes;
    this.barrier();
    writer.statement('exchange[thread] = select(total, vec4<f32>(-1.0), poison != vec4<u32>(0u));');
    // A negative total, of a score that was NaN or ∞, stays negative.
    emitTree(
      writer,
      'exchange',
      FEW_KEYS,
      (a, b) => `select(${a} + ${b}, vec4<f32>(-1.0), min(${a}, ${b}) < vec4<f32>(0.0))`,
    );
    writer.statement('let weight = exchange[0];');
    for (const r of this.used) {
      this.barrier();
      writer.statement(`exchange[thread] = sum${r};`);
      this.barrier();
      const row = ix.shift(ix.scale(this.quad, ROWS), r);
      const isRow = mayExceed(writer, row, queries)
        ? ` && ${inliner.index(row)} < ${writer.dim('rows', queries)}`
        : '';
      const vectors = writer.dim('rowVectors', this.widthVectors + 1);
      writer.block(`if (thread < ${vectors}${isRow})`, () => {
        writer.statement(`var whole = vec4<f32>(top[${r}], weight[${r}], 0.0, 0.0);`);
        writer.block(`if (thread < ${vectors} - 1)`, () => {
          writer.statement('whole = exchange[thread];');
          if (groups === 1) return;
          writer.block(`for (var i = 1; i < ${writer.uniform('groups', groups)}; i++)`, () => {
            writer.statement(`whole += exchange[i * ${columns} + thread];`);
          });
        });
        const coord = ix.add(
          ix.scale(ix.variable('thread', this.widthVectors + 1), 4),
          laneVariable,
        );
        const result = inliner.define('whole', 4, 'float32', writer.depth);
        emission.epilogue([...this.batch, this.part, rows[r], coord], result, 4);
      });
    }
  }
}

export function emitAttentionPart(emission: KernelEmission): ShaderProgram {
  return new FewQueries(emission).write();
}
