/**
 * `softmax(score(q · kᵀ)) · v` that never stores the scores, by workgroups that own some queries:
 * keys and values come through workgroup memory tile by tile, with a running maximum, and what has
 * been summed is rescaled when the maximum grows. Milakov and Gimelshein, "Online normalizer
 * calculation for softmax" (2018); Dao et al., "FlashAttention" (2022).
 *
 * A team of invocations shares four rows, which are the components of vectors: each member has the
 * scores of some keys, and of the result some vectors. Queries are in workgroup memory transposed, so
 * that a vector holds one element of four rows. Keys and values take turns in one array.
 */
import { f32Literal } from '../../ir/expression';
import type { Node, Value } from '../../ir/graph';
import type { IndexExpr } from '../../ir/index-expression';
import * as ix from '../../ir/index-expression';
import { causalMask, type CausalMask } from '../../ir/positions';
import type { KernelEmission } from '../emit';
import { namedIndex } from '../loops';
import { ownerThreads, type OwnerThreads } from '../shared-output';
import { laneVariable, type Operand } from '../wgsl/inliner';
import type { ShaderProgram } from '../wgsl/kernel-writer';
import { emitCappedLoop } from './loop';
import { emitScores, emitVisible, LOWEST, WEIGHTLESS, weightFunction } from './score';
import { attentionSizes, sharedBatch, type AttentionSizes } from './sizes';
import { arraysOf, ROWS, teamsOf, type AttentionTile } from './tile';

/** Vectors that an invocation holds of keys that come next, and as many of values. */
const MAX_PREFETCHED = 8;

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const ROW_COMPONENTS = range(ROWS);

/** A head in pieces of equal length, each of which is in workgroup memory by itself. */
interface Pieces {
  readonly elements: number;
  /** Vectors of all pieces. */
  readonly total: number;
  readonly count: number;
  /** Vectors of a piece; the last one may have fewer. */
  readonly vectors: number;
}

function piecesOf(elements: number, mostVectors: number): Pieces {
  const total = Math.ceil(elements / 4);
  const count = Math.ceil(total / mostVectors);
  return { elements, total, count, vectors: Math.ceil(total / count) };
}

/** A vector of a piece that an invocation works on. */
interface Share {
  /** Its place among the piece's vectors. */
  readonly column: IndexExpr;
  readonly code: string;
  /** Says that the piece has this vector; '' where each piece has. */
  readonly guard: string;
}

/** A key, and what says that it is one; '' where it must be. */
interface Key {
  readonly index: IndexExpr;
  readonly isKey: string;
}

class TiledAttention {
  private readonly node: Node;
  private readonly sizes: AttentionSizes;
  private readonly teams: number;
  private readonly depth: Pieces;
  private readonly width: Pieces;
  private readonly keyTiles: number;
  /** Keys of a tile that a member has. */
  private readonly own: readonly number[];
  /** Rows of keys or values of a tile that a member brings. */
  private readonly staged: readonly number[];
  /**
   * Whether keys and values are on their way, in registers, while the tile before is computed with. Heads
   * in pieces, and vectors that some members have and some have not, are waited for instead.
   */
  private readonly prefetches: boolean;
  private batch: readonly IndexExpr[] = [];
  private rowTile: IndexExpr = ix.zero;
  /** Four rows of this team, of which those beyond the last query repeat it. */
  private quad: IndexExpr = ix.zero;
  private rows: readonly IndexExpr[] = [];
  /** Says that row r is a query; '' where all are. */
  private rowGuards: readonly string[] = [];

  constructor(
    private readonly emission: KernelEmission,
    private readonly tile: AttentionTile,
  ) {
    this.node = emission.request.group.anchor;
    this.sizes = attentionSizes(this.node);
    this.teams = teamsOf(tile);
    this.depth = piecesOf(this.sizes.depth, tile.vectors);
    this.width = piecesOf(this.sizes.width, tile.vectors);
    this.keyTiles = Math.ceil(this.sizes.keys / tile.keys);
    this.own = range(tile.keys / tile.lanes);
    this.staged = range(tile.keys / this.teams);
    const { lanes } = tile;
    const isWhole = ({ total, count }: Pieces): boolean => count === 1 && total % lanes === 0;
    const vectors = (this.staged.length * Math.max(this.depth.total, this.width.total)) / lanes;
    this.prefetches = isWhole(this.depth) && isWhole(this.width) && vectors <= MAX_PREFETCHED;
  }

  write(): ShaderProgram {
    const { emission, depth } = this;
    const { writer } = emission;
    for (const [name, length] of Object.entries(arraysOf(this.tile))) {
      writer.declare(`var<workgroup> ${name}: array<vec4<f32>, ${length}>;`);
    }
    const { workgroups, parameters } = this.nameIndices();
    if (depth.count === 1) this.stageQueries(ix.zero);
    writer.statement(`var top = vec4<f32>(${LOWEST});`);
    writer.statement('var total = vec4<f32>(0.0);');
    writer.statement('var poison = vec4<u32>(0u);');
    this.forEachSum((sum) => writer.statement(`var ${sum} = vec4<f32>(0.0);`));
    if (this.prefetches) this.fetchKeys('0', (name, code) => `var ${name} = ${code};`);
    const causal = causalMask(this.node);
    const all = writer.dim('keyTiles', this.keyTiles);
    if (causal) writer.statement(`var endTile = ${this.endTile(causal, all)};`);
    writer.block(`for (var tile = 0; tile < ${causal ? 'endTile' : all}; tile++)`, () => {
      writer.statement(`let firstKey = tile * ${this.tile.keys};`);
      this.multiplyKeys();
      this.scoreKeys();
      range(this.width.count).forEach((piece) => this.addValues(piece));
      if (causal && Number.isFinite(causal.hidden)) this.takeHiddenTiles(causal, all);
    });
    this.joinTotals();
    this.store();
    return writer.finish(emission.title, workgroups, parameters);
  }

  /** The tiles of keys that some row of this workgroup sees, and at least one. */
  private endTile({ offset: more }: CausalMask, all: string): string {
    const { writer, inliner } = this.emission;
    const { rows, keys } = this.tile;
    const offset = writer.uniform('causalOffset', more);
    const lastKey = `${inliner.index(this.rowTile)} * ${rows} + ${rows - 1} + ${offset}`;
    return `min(max((${lastKey}) / ${keys} + 1, 1), ${all})`;
  }

  /**
   * Behind the last visible tile: where a row has seen no score far above that of hidden keys, these
   * count as well, and the loop goes on.
   */
  private takeHiddenTiles({ hidden }: CausalMask, all: string): void {
    const { writer } = this.emission;
    const { tile, teams } = this;
    writer.declare('var<workgroup> countsHidden: u32;');
    writer.block(`if (tile + 1 == endTile && endTile < ${all})`, () => {
      writer.statement(`exchange[member * ${teams} + team] = top;`);
      this.barrier();
      writer.block('if (local.x == 0u)', () => {
        writer.statement('var least = exchange[0];');
        const count = tile.lanes * teams;
        emitCappedLoop(writer, 'invocation', count, count, () => {
          writer.statement('least = min(least, exchange[invocation]);');
        });
        // A distance at which weights are 0, however the sum is rounded.
        const enough = f32Literal(Math.fround(hidden + 2 * WEIGHTLESS));
        writer.statement(`countsHidden = u32(any(least <= vec4<f32>(${enough})));`);
      });
      writer.block('if (workgroupUniformLoad(&countsHidden) != 0u)', () => {
        writer.statement(`endTile = ${all};`);
      });
    });
  }

  /** Names what this workgroup and this invocation work on. */
  private nameIndices(): OwnerThreads {
    const { emission, tile, teams } = this;
    const { writer, inliner } = emission;
    const { heads, queries, batch } = this.sizes;
    const rowTiles = Math.ceil(queries / tile.rows);
    const threads = ownerThreads(emission, heads * rowTiles, true, 'owner');
    const owner = ix.variable('owner', heads * rowTiles);
    const [head, rowTile] = ix.delinearize(owner, [heads, rowTiles]);
    this.batch = ix.delinearize(namedIndex(emission, 'head', head, heads), batch);
    this.rowTile = namedIndex(emission, 'rowTile', rowTile, rowTiles);
    const firstQuad = ix.scale(this.rowTile, teams);
    for (const [name, code] of [
      ['member', `local.x % ${tile.lanes}u`],
      ['team', `local.x / ${tile.lanes}u`],
    ]) {
      writer.statement(`let ${name} = i32(${code});`);
      writer.defineVariable(name);
    }
    const quad = ix.add(firstQuad, ix.variable('team', teams));
    this.quad = namedIndex(emission, 'quad', quad, Math.ceil(queries / ROWS));
    const rowOf = (from: IndexExpr, r: number): IndexExpr => ix.shift(ix.scale(from, ROWS), r);
    this.rows = ROW_COMPONENTS.map((r) =>
      namedIndex(emission, `row${r}`, rowOf(this.quad, r), queries),
    );
    this.rowGuards = ROW_COMPONENTS.map((r) => {
      const row = rowOf(quad, r);
      return row.max < queries ? '' : `${inliner.index(row)} < ${writer.dim('rows', queries)}`;
    });
    return threads;
  }

  /** The vectors of a piece that this invocation works on. */
  private sharesOf(pieces: Pieces, piece: number, name: string): Share[] {
    const { tile, emission } = this;
    const { lanes, vectors } = tile;
    const here = Math.min(pieces.vectors, pieces.total - piece * pieces.vectors);
    return range(vectors / lanes).flatMap((share) => {
      const left = here - share * lanes;
      if (left <= 0) return [];
      const code = share === 0 ? 'member' : `member + ${share * lanes}`;
      const member = ix.variable('member', Math.min(left, lanes));
      const limit = (): string => emission.writer.dim(piece === 0 ? name : `${name}${piece}`, here);
      const guard = left >= lanes ? '' : `${code} < ${limit()}`;
      return [{ column: ix.shift(member, share * lanes), code, guard }];
    });
  }

  private guarded(guard: string, body: () => void): void {
    if (guard === '') body();
    else this.emission.writer.block(`if (${guard})`, body);
  }

  /** Four queries, one element of which becomes a vector, of each team; no two write to one place. */
  private stageQueries(piece: IndexExpr): void {
    const { writer, inliner } = this.emission;
    const [query] = this.node.inputs;
    this.sharesOf(this.depth, 0, 'depthVectors').forEach(({ column, code, guard }) => {
      this.guarded(guard, () => {
        const parts = this.rows.map((row) =>
          inliner.widen(this.head(query, this.batch, row, this.depth, piece, column), 4),
        );
        ROW_COMPONENTS.forEach((element) => {
          const at = `(4 * ${code.includes(' ') ? `(${code})` : code} + ${element}) * ${this.teams} + team`;
          const components = parts.map((part) => `${part}[${element}]`).join(', ');
          writer.statement(`queries[${at}] = vec4<f32>(${components});`);
        });
      });
    });
  }

  /** A vector of a query or a key, 0 beyond its last element: 0 · NaN would spread. */
  private head(
    value: Value,
    batch: readonly IndexExpr[],
    row: IndexExpr,
    { elements, vectors }: Pieces,
    piece: IndexExpr,
    column: IndexExpr,
  ): Operand {
    const { inliner } = this.emission;
    const vector = ix.add(ix.scale(piece, vectors), column);
    const coord = ix.add(ix.scale(vector, 4), laneVariable);
    return inliner.guard([{ coord, extent: elements }], 'float32', 0, () =>
      inliner.value(value, [...batch, row, coord]),
    );
  }

  /**
   * Rows of keys or values of the tile. An invocation loads four of them before it stores the first, so
   * that it waits for memory once.
   */
  private stageRows(shares: readonly Share[], load: (key: Key, column: IndexExpr) => string): void {
    const { writer } = this.emission;
    const { tile, teams } = this;
    const turns = tile.keys / teams / 4;
    const stage = (turn: string): void => {
      const keys = range(4).map((i) => {
        writer.statement(`let stagedRow${i} = ${turn}${i * teams} + team;`);
        return this.nameKey(`key${i}`, `stagedRow${i}`);
      });
      for (const { column, code, guard } of shares) {
        this.guarded(guard, () => {
          const loaded = keys.map((key) => load(key, column));
          loaded.forEach((vector, i) => {
            const at = `stagedRow${i} * ${tile.vectors + 1} + ${code}`;
            writer.statement(`staged[${at}] = ${vector};`);
          });
        });
      }
    };
    if (turns === 1) writer.block('', () => stage(''));
    else emitCappedLoop(writer, 'turn', turns, turns, () => stage(`turn * ${4 * teams} + `));
  }

  /** A vector of a value; 0 beyond the last key, where weights are 0: 0 · ∞ would be NaN. */
  private valueOf({ index, isKey }: Key, column: IndexExpr, piece: number): string {
    const { inliner } = this.emission;
    const value = this.node.inputs[2];
    const batch = sharedBatch(value.shape, this.batch);
    const vector = ix.shift(column, piece * this.width.vectors);
    const coord = ix.add(ix.scale(vector, 4), laneVariable);
    const loaded = inliner.widen(inliner.value(value, [...batch, index, coord]), 4);
    return isKey ? `select(vec4<f32>(0.0), ${loaded}, ${isKey})` : loaded;
  }

  /** Loads this member's vectors of the keys from `first` on, of which those beyond the last repeat it. */
  private fetchKeys(first: string, assign: (name: string, code: string) => string): void {
    const { writer, inliner } = this.emission;
    const { depth, teams } = this;
    const { keys } = this.sizes;
    const key = this.node.inputs[1];
    const batch = sharedBatch(key.shape, this.batch);
    const fetched = first === '0' ? 'first' : 'next';
    this.staged.forEach((row) => {
      const name = `${fetched}Key${row}`;
      const code = `${first} + ${row * teams} + team`;
      writer.statement(`let ${name} = min(${code}, ${writer.dim('lastKey', keys - 1)});`);
      writer.defineVariable(name);
      const index = ix.variable(name, keys);
      this.sharesOf(depth, 0, 'depthVectors').forEach(({ column }, share) => {
        const vector = this.head(key, batch, index, depth, ix.zero, column);
        writer.statement(assign(`nextKeys${row}_${share}`, inliner.widen(vector, 4)));
      });
    });
  }

  /** Loads this member's vectors of the tile's values. */
  private fetchValues(): void {
    const { writer } = this.emission;
    this.staged.forEach((row) => {
      const key = this.nameKey(`valueKey${row}`, `${row * this.teams} + team`);
      this.sharesOf(this.width, 0, 'widthVectors').forEach(({ column }, share) => {
        writer.statement(`let values${row}_${share} = ${this.valueOf(key, column, 0)};`);
      });
    });
  }

  /** Stores rows that this member has in registers where all can read them. */
  private storeRows(
    shares: readonly Share[],
    register: (row: number, share: number) => string,
  ): void {
    const { writer } = this.emission;
    this.staged.forEach((row) => {
      shares.forEach(({ code }, share) => {
        const at = `(${row * this.teams} + team) * ${this.tile.vectors + 1} + ${code}`;
        writer.statement(`staged[${at}] = ${register(row, share)};`);
      });
    });
  }

  /** A key of the tile; where the last tile has fewer, `isKey` says that it is one, and else it is the last. */
  private nameKey(name: string, inTile: string): Key {
    const { writer } = this.emission;
    const { keys } = this.sizes;
    const isRagged = keys % this.tile.keys !== 0;
    const code = `firstKey + ${inTile}`;
    const bounded = isRagged ? `min(${code}, ${writer.dim('lastKey', keys - 1)})` : code;
    writer.statement(`let ${name} = ${bounded};`);
    writer.defineVariable(name);
    return {
      index: ix.variable(name, keys),
      isKey: isRagged ? `${code} < ${writer.dim('keys', keys)}` : '',
    };
  }

  private barrier(): void {
    this.emission.writer.statement('workgroupBarrier();');
  }

  /** The products of four rows with this member's keys. */
  private multiplyKeys(): void {
    const { writer } = this.emission;
    const { depth } = this;
    for (const k of this.own) writer.statement(`var product${k} = vec4<f32>(0.0);`);
    if (depth.count === 1) this.multiplyPiece(ix.zero);
    else {
      writer.block(
        `for (var piece = 0; piece < ${writer.dim('pieces', depth.count)}; piece++)`,
        () => {
          writer.defineVariable('piece');
          this.multiplyPiece(ix.variable('piece', depth.count));
        },
      );
    }
  }

  private multiplyPiece(piece: IndexExpr): void {
    const { writer, inliner } = this.emission;
    const { tile, depth, teams } = this;
    const key = this.node.inputs[1];
    const batch = sharedBatch(key.shape, this.batch);
    this.barrier();
    if (depth.count > 1) this.stageQueries(piece);
    const shares = this.sharesOf(depth, 0, 'depthVectors');
    if (this.prefetches) {
      this.storeRows(shares, (row, share) => `nextKeys${row}_${share}`);
      this.barrier();
      this.fetchValues();
    } else {
      this.stageRows(shares, ({ index }, column) =>
        inliner.widen(this.head(key, batch, index, depth, piece, column), 4),
      );
      this.barrier();
    }
    emitCappedLoop(
      writer,
      'step',
      depth.vectors,
      tile.vectors,
      () => {
        for (const k of this.own) {
          const row = k === 0 ? 'member' : `(member + ${k * tile.lanes})`;
          writer.statement(`let key${k} = staged[${row} * ${tile.vectors + 1} + step];`);
        }
        for (const element of range(4)) {
          writer.statement(
            `let query${element} = queries[(4 * step + ${element}) * ${teams} + team];`,
          );
          for (const k of this.own) {
            const factor = `vec4<f32>(key${k}[${element}])`;
            writer.statement(`product${k} = fma(query${element}, ${factor}, product${k});`);
          }
        }
      },
      this.emission.request.target.unrolls,
    );
  }

  /** Scores of this member's keys; the maxima of the team's rows; weights, and what they add up to. */
  private scoreKeys(): void {
    const { emission, tile, teams } = this;
    const { writer } = emission;
    const rows = ix.add(ix.scale(this.quad, ROWS), laneVariable);
    for (const k of this.own) {
      const key = this.nameKey(`key${k}`, k === 0 ? 'member' : `member + ${k * tile.lanes}`);
      const place = { batch: this.batch, rows, key: key.index };
      const score = emitScores(emission, this.node, `product${k}`, place, `s${k}_`);
      emitVisible(emission, k, score, key.isKey);
    }
    const highest = this.own.reduce((code, k) => `max(${code}, score${k})`, 'top');
    writer.statement(`exchange[member * ${teams} + team] = ${highest};`);
    this.barrier();
    writer.statement('var highest = top;');
    this.forEachMember((other) => `highest = max(highest, ${other});`);
    const weightOf = weightFunction(emission);
    writer.statement(`let fade = ${weightOf}(top - highest);`);
    writer.statement('top = highest;');
    for (const k of this.own) {
      const weight = `${weightOf}(score${k} - highest)`;
      writer.statement(`let weight${k} = select(${weight}, vec4<f32>(0.0), hidden${k});`);
      const row = k === 0 ? 'member' : `(member + ${k * tile.lanes})`;
      writer.statement(`weights[${row} * ${teams + 1} + team] = weight${k};`);
    }
    const weights = this.own.map((k) => `weight${k}`).join(' + ');
    writer.statement(`total = total * fade + (${weights});`);
  }

  /** Reads what the members of this team have exchanged. */
  private forEachMember(use: (other: string) => string): void {
    const { writer } = this.emission;
    const turns = this.tile.lanes / 4;
    emitCappedLoop(
      writer,
      'memberGroup',
      turns,
      turns,
      () => {
        for (const i of range(4)) {
          writer.statement(
            `let other${i} = exchange[(memberGroup * 4 + ${i}) * ${this.teams} + team];`,
          );
        }
        for (const i of range(4)) writer.statement(use(`other${i}`));
      },
      this.emission.request.target.unrolls,
    );
  }

  /** Visits the sums of this invocation: vectors of the result, a row at a time. */
  private forEachSum(
    visit: (name: string, row: number, share: Share, piece: number) => void,
  ): void {
    range(this.width.count).forEach((piece) => {
      this.sharesOf(this.width, piece, 'widthVectors').forEach((share, j) => {
        for (const r of ROW_COMPONENTS) visit(`sum${piece}_${j}_${r}`, r, share, piece);
      });
    });
  }

  /** Adds the values of the tile, by weight, to this invocation's vectors of a piece. */
  private addValues(piece: number): void {
    const { writer } = this.emission;
    const { tile, teams, width } = this;
    const shares = this.sharesOf(width, piece, 'widthVectors');
    if (piece > 0) this.barrier();
    if (this.prefetches) {
      this.storeRows(shares, (row, share) => `values${row}_${share}`);
      this.barrier();
      this.fetchKeys(`firstKey + ${tile.keys}`, (name, code) => `${name} = ${code};`);
    } else {
      this.stageRows(shares, (key, column) => this.valueOf(key, column, piece));
      this.barrier();
    }
    const sums = shares.map((_, j) => ROW_COMPONENTS.map((r) => `${piece}_${j}_${r}`));
    for (const name of sums.flat()) writer.statement(`var part${name} = vec4<f32>(0.0);`);
    emitCappedLoop(
      writer,
      'keyGroup',
      tile.keys / 4,
      tile.keys / 4,
      () => {
        for (const i of range(4)) {
          writer.statement(
            `let weight${i} = weights[(keyGroup * 4 + ${i}) * ${teams + 1} + team];`,
          );
          shares.forEach(({ code }, j) => {
            const at = `(keyGroup * 4 + ${i}) * ${tile.vectors + 1} + ${code}`;
            writer.statement(`let value${i}_${j} = staged[${at}];`);
            for (const r of ROW_COMPONENTS) {
              const part = `part${sums[j][r]}`;
              writer.statement(
                `${part} = fma(vec4<f32>(weight${i}[${r}]), value${i}_${j}, ${part});`,
              );
            }
          });
        }
      },
      this.emission.request.target.unrolls,
    );
    // The sums of a tile apart from what was summed before: roundings grow with tiles, not with keys.
    sums.forEach((names) =>
      names.forEach((name, r) => {
        writer.statement(`sum${name} = fma(sum${name}, vec4<f32>(fade[${r}]), part${name});`);
      }),
    );
  }

  /** What the weights of four rows add up to, over the team; negative where a score was NaN or ∞. */
  private joinTotals(): void {
    const { writer } = this.emission;
    const { teams } = this;
    const own = 'select(total, vec4<f32>(-1.0), poison != vec4<u32>(0u))';
    writer.statement(`exchange[member * ${teams} + team] = ${own};`);
    this.barrier();
    writer.statement('var denominator = vec4<f32>(0.0);');
    writer.statement('var least = vec4<f32>(0.0);');
    this.forEachMember((other) => `denominator += ${other}; least = min(least, ${other});`);
    // No key at all: the softmax of nothing but −∞.
    writer.statement('let isNumber = (least == vec4<f32>(0.0)) & (denominator > vec4<f32>(0.0));');
  }

  private store(): void {
    const { emission } = this;
    const { writer, inliner } = emission;
    const { width } = this.sizes;
    const nan = `vec4<f32>(${writer.special(NaN)})`;
    this.forEachSum((sum, r, { column, guard }, piece) => {
      const guards = [this.rowGuards[r], guard].filter((code) => code !== '');
      this.guarded(guards.join(' && '), () => {
        const vector = ix.shift(column, piece * this.width.vectors);
        const code = `select(${nan}, ${sum} / denominator[${r}], isNumber[${r}])`;
        const row = [...this.batch, this.rows[r]];
        if (width % 4 === 0) {
          const result = inliner.define(code, 4, 'float32', writer.depth);
          emission.epilogue([...row, ix.add(ix.scale(vector, 4), laneVariable)], result, 4);
          return;
        }
        const whole = writer.let(code, writer.depth);
        for (const element of range(4)) {
          const at = ix.shift(ix.scale(vector, 4), element);
          const inside =
            at.max < width ? '' : `${inliner.index(at)} < ${writer.dim('width', width)}`;
          this.guarded(inside, () => {
            const result = inliner.define(`${whole}[${element}]`, 1, 'float32', writer.depth);
            emission.epilogue([...row, at], result, 1);
          });
        }
      });
    });
  }
}

export function emitTiledAttention(emission: KernelEmission, tile: AttentionTile): ShaderProgram {
  return new TiledAttention(emission, tile).write();
}
