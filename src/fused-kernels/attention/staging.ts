/**
 * How queries, keys and values come into the workgroup memory of tiled attention: queries transposed,
 * so that a vector holds one element of four rows; keys and values a tile at a time, in turns.
 */
import type { Node, Value } from '../../ir/graph';
import type { IndexExpr } from '../../ir/index-expression';
import * as ix from '../../ir/index-expression';
import type { KernelEmission } from '../emit';
import { laneVariable, type Operand } from '../wgsl/inliner';
import { emitCappedLoop, guarded } from './loop';
import { piecesOf, range, sharesOf, type Pieces, type Share } from './pieces';
import { attentionSizes, sharedBatch, type AttentionSizes } from './sizes';
import type { Team } from './team';
import { ROWS, teamsOf, type AttentionTile } from './tile';

/** Vectors that an invocation holds of keys that come next, and as many of values. */
const MAX_PREFETCHED = 8;

/** A key, and what says that it is one; '' where it must be. */
export interface Key {
  readonly index: IndexExpr;
  readonly isKey: string;
}

export class AttentionStaging {
  /**
   * Whether keys and values are on their way, in registers, while the tile before is computed with. Heads
   * in pieces, and vectors that some members have and some have not, are waited for instead.
   */
  readonly prefetches: boolean;
  readonly depth: Pieces;
  readonly width: Pieces;
  private readonly node: Node;
  private readonly sizes: AttentionSizes;
  private readonly teams: number;
  /** Rows of keys or values of a tile that a member brings. */
  private readonly staged: readonly number[];

  constructor(
    private readonly emission: KernelEmission,
    private readonly tile: AttentionTile,
    private readonly team: Team,
  ) {
    this.node = emission.request.group.anchor;
    this.sizes = attentionSizes(this.node);
    this.teams = teamsOf(tile);
    this.depth = piecesOf(this.sizes.depth, tile.vectors);
    this.width = piecesOf(this.sizes.width, tile.vectors);
    this.staged = range(tile.keys / this.teams);
    const { lanes } = tile;
    const isWhole = ({ total, count }: Pieces): boolean => count === 1 && total % lanes === 0;
    const vectors = (this.staged.length * Math.max(this.depth.total, this.width.total)) / lanes;
    this.prefetches = isWhole(this.depth) && isWhole(this.width) && vectors <= MAX_PREFETCHED;
  }

  /** This invocation's vectors of a piece of a query or a key. */
  get keyShares(): Share[] {
    return sharesOf(this.emission.writer, this.tile, this.depth, 0, 'depthVectors');
  }

  /** This invocation's vectors of a piece of a value. */
  valueShares(piece: number): Share[] {
    return sharesOf(this.emission.writer, this.tile, this.width, piece, 'widthVectors');
  }

  /** Four queries, one element of which becomes a vector, of each team; no two write to one place. */
  stageQueries(piece: IndexExpr): void {
    const { writer, inliner } = this.emission;
    const [query] = this.node.inputs;
    this.keyShares.forEach(({ column, code, guard }) => {
      guarded(writer, guard, () => {
        const parts = this.team.rows.map((row) =>
          inliner.widen(this.head(query, this.team.batch, row, this.depth, piece, column), 4),
        );
        range(ROWS).forEach((element) => {
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
   * Rows of keys or values of the tile. An invocation loads up to four of them before it stores the first,
   * so that it waits for memory once.
   */
  private stageRows(shares: readonly Share[], load: (key: Key, column: IndexExpr) => string): void {
    const { writer } = this.emission;
    const { tile, teams } = this;
    const atOnce = Math.min(4, this.staged.length);
    const turns = this.staged.length / atOnce;
    const stage = (turn: string): void => {
      const keys = range(atOnce).map((i) => {
        writer.statement(`let stagedRow${i} = ${turn}${i * teams} + team;`);
        return this.nameKey(`key${i}`, `stagedRow${i}`);
      });
      for (const { column, code, guard } of shares) {
        guarded(writer, guard, () => {
          const loaded = keys.map((key) => load(key, column));
          loaded.forEach((vector, i) => {
            const at = `stagedRow${i} * ${tile.vectors + 1} + ${code}`;
            writer.statement(`staged[${at}] = ${vector};`);
          });
        });
      }
    };
    if (turns === 1) writer.block('', () => stage(''));
    else {
      const { unrolls } = this.emission.request.target;
      const body = (): void => stage(`turn * ${atOnce * teams} + `);
      emitCappedLoop(writer, 'turn', turns, turns, body, unrolls);
    }
  }

  /** A vector of a value; 0 beyond the last key, where weights are 0: 0 · ∞ would be NaN. */
  private valueOf({ index, isKey }: Key, column: IndexExpr, piece: number): string {
    const { inliner } = this.emission;
    const value = this.node.inputs[2];
    const batch = sharedBatch(value.shape, this.team.batch, this.sizes);
    const vector = ix.shift(column, piece * this.width.vectors);
    const coord = ix.add(ix.scale(vector, 4), laneVariable);
    const loaded = inliner.widen(inliner.value(value, [...batch, index, coord]), 4);
    return isKey ? `select(vec4<f32>(0.0), ${loaded}, ${isKey})` : loaded;
  }

  /** Brings a piece of the tile's keys to where all can read it. */
  stageKeys(piece: IndexExpr): void {
    const { inliner } = this.emission;
    const key = this.node.inputs[1];
    const batch = sharedBatch(key.shape, this.team.batch, this.sizes);
    this.stageRows(this.keyShares, ({ index }, column) =>
      inliner.widen(this.head(key, batch, index, this.depth, piece, column), 4),
    );
  }

  /** Brings a piece of the tile's values to where all can read it. */
  stageValues(piece: number): void {
    this.stageRows(this.valueShares(piece), (key, column) => this.valueOf(key, column, piece));
  }

  /** Loads this member's vectors of the keys from `first` on, of which those beyond the last repeat it. */
  fetchKeys(first: string, assign: (name: string, code: string) => string): void {
    const { writer, inliner } = this.emission;
    const { depth, teams } = this;
    const { keys } = this.sizes;
    const key = this.node.inputs[1];
    const batch = sharedBatch(key.shape, this.team.batch, this.sizes);
    const fetched = first === '0' ? 'first' : 'next';
    this.staged.forEach((row) => {
      const name = `${fetched}Key${row}`;
      const code = `${first} + ${row * teams} + team`;
      writer.statement(`let ${name} = min(${code}, ${writer.dim('lastKey', keys - 1)});`);
      writer.defineVariable(name);
      const index = ix.variable(name, keys);
      this.keyShares.forEach(({ column }, share) => {
        const vector = this.head(key, batch, index, depth, ix.zero, column);
        writer.statement(assign(`nextKeys${row}_${share}`, inliner.widen(vector, 4)));
      });
    });
  }

  /** Loads this member's vectors of the tile's values. */
  fetchValues(): void {
    const { writer } = this.emission;
    this.staged.forEach((row) => {
      const key = this.nameKey(`valueKey${row}`, `${row * this.teams} + team`);
      this.valueShares(0).forEach(({ column }, share) => {
        writer.statement(`let values${row}_${share} = ${this.valueOf(key, column, 0)};`);
      });
    });
  }

  /** Stores the keys that were fetched last. */
  storeKeys(): void {
    this.storeRows(this.keyShares, (row, share) => `nextKeys${row}_${share}`);
  }

  /** Stores the values that were fetched last. */
  storeValues(): void {
    this.storeRows(this.valueShares(0), (row, share) => `values${row}_${share}`);
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
  nameKey(name: string, inTile: string): Key {
    const { writer } = this.emission;
    const { keys } = this.sizes;
    const isRagged = writer.options.anySize || keys % this.tile.keys !== 0;
    const code = `firstKey + ${inTile}`;
    const bounded = isRagged ? `min(${code}, ${writer.dim('lastKey', keys - 1)})` : code;
    writer.statement(`let ${name} = ${bounded};`);
    writer.defineVariable(name);
    return {
      index: ix.variable(name, keys),
      isKey: isRagged ? `${code} < ${writer.dim('keys', keys)}` : '',
    };
  }
}
