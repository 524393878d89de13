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
import type { Node } from '../../ir/graph';
import type { IndexExpr } from '../../ir/index-expression';
import * as ix from '../../ir/index-expression';
import { causalMask, type CausalMask } from '../../ir/positions';
import type { KernelEmission } from '../emit';
import { laneVariable } from '../wgsl/inliner';
import type { ShaderProgram } from '../wgsl/kernel-writer';
import { emitCappedLoop, guarded } from './loop';
import { range, type Share } from './pieces';
import { emitScores, emitVisible, LOWEST, WEIGHTLESS, weightFunction } from './score';
import { attentionSizes, type AttentionSizes } from './sizes';
import { AttentionStaging } from './staging';
import { nameTeam, type Team } from './team';
import { arraysOf, ROWS, teamsOf, type AttentionTile } from './tile';

const ROW_COMPONENTS = range(ROWS);
/** Members of a team whose maxima or sums an invocation reads at once. */
const EXCHANGED_AT_ONCE = 8;

class TiledAttention {
  private readonly node: Node;
  private readonly sizes: AttentionSizes;
  private readonly teams: number;
  private readonly keyTiles: number;
  /** Keys of a tile that a member has. */
  private readonly own: readonly number[];
  private readonly staging: AttentionStaging;

  constructor(
    private readonly emission: KernelEmission,
    private readonly tile: AttentionTile,
    private readonly team: Team,
  ) {
    this.node = emission.request.group.anchor;
    this.sizes = attentionSizes(this.node);
    this.teams = teamsOf(tile);
    this.keyTiles = Math.ceil(this.sizes.keys / tile.keys);
    this.own = range(tile.keys / tile.lanes);
    this.staging = new AttentionStaging(emission, tile, team);
  }

  write(): ShaderProgram {
    const { emission, staging } = this;
    const { writer } = emission;
    const { workgroups, parameters } = this.team.threads;
    for (const [name, length] of Object.entries(arraysOf(this.tile))) {
      writer.declare(`var<workgroup> ${name}: array<vec4<f32>, ${length}>;`);
    }
    if (staging.depth.count === 1) staging.stageQueries(ix.zero);
    writer.statement(`var top = vec4<f32>(${LOWEST});`);
    writer.statement('var total = vec4<f32>(0.0);');
    writer.statement('var poison = vec4<u32>(0u);');
    this.forEachSum((sum) => writer.statement(`var ${sum} = vec4<f32>(0.0);`));
    if (staging.prefetches) staging.fetchKeys('0', (name, code) => `var ${name} = ${code};`);
    const causal = causalMask(this.node);
    const all = writer.dim('keyTiles', this.keyTiles);
    if (causal) writer.statement(`var endTile = ${this.endTile(causal, all)};`);
    writer.block(`for (var tile = 0; tile < ${causal ? 'endTile' : all}; tile++)`, () => {
      writer.statement(`let firstKey = tile * ${this.tile.keys};`);
      this.multiplyKeys();
      this.scoreKeys();
      range(staging.width.count).forEach((piece) => this.addValues(piece));
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
    const lastKey = `${inliner.index(this.team.rowTile)} * ${rows} + ${rows - 1} + ${offset}`;
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

  private barrier(): void {
    this.emission.writer.statement('workgroupBarrier();');
  }

  /** The products of four rows with this member's keys. */
  private multiplyKeys(): void {
    const { writer } = this.emission;
    const { depth } = this.staging;
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
    const { writer } = this.emission;
    const { tile, staging, teams } = this;
    this.barrier();
    if (staging.depth.count > 1) staging.stageQueries(piece);
    if (staging.prefetches) {
      staging.storeKeys();
      this.barrier();
      staging.fetchValues();
    } else {
      staging.stageKeys(piece);
      this.barrier();
    }
    emitCappedLoop(
      writer,
      'step',
      staging.depth.vectors,
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
    const { batch, quad } = this.team;
    const rows = ix.add(ix.scale(quad, ROWS), laneVariable);
    for (const k of this.own) {
      const key = this.staging.nameKey(
        `key${k}`,
        k === 0 ? 'member' : `member + ${k * tile.lanes}`,
      );
      const place = { batch, rows, key: key.index };
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

  /**
   * Reads what the members of this team have exchanged, a few at a time: all sixteen at once would need more
   * registers than anything else of the loop over tiles, while values are on their way in as many (204 of
   * AMD's navi31, which 160 are enough for else).
   */
  private forEachMember(use: (other: string) => string): void {
    const { writer } = this.emission;
    const { lanes } = this.tile;
    const read = (member: (i: number) => string): void => {
      const others = range(EXCHANGED_AT_ONCE);
      for (const i of others) {
        writer.statement(`let other${i} = exchange[${member(i)} * ${this.teams} + team];`);
      }
      for (const i of others) writer.statement(use(`other${i}`));
    };
    const turns = lanes / EXCHANGED_AT_ONCE;
    if (turns === 1) writer.block('', () => read(String));
    else {
      emitCappedLoop(writer, 'memberGroup', turns, turns, () => {
        read((i) => `(memberGroup * ${EXCHANGED_AT_ONCE} + ${i})`);
      });
    }
  }

  /** Visits the sums of this invocation: vectors of the result, a row at a time. */
  private forEachSum(
    visit: (name: string, row: number, share: Share, piece: number) => void,
  ): void {
    range(this.staging.width.count).forEach((piece) => {
      this.staging.valueShares(piece).forEach((share, j) => {
        for (const r of ROW_COMPONENTS) visit(`sum${piece}_${j}_${r}`, r, share, piece);
      });
    });
  }

  /** Adds the values of the tile, by weight, to this invocation's vectors of a piece. */
  private addValues(piece: number): void {
    const { writer } = this.emission;
    const { tile, teams, staging } = this;
    const shares = staging.valueShares(piece);
    if (piece > 0) this.barrier();
    if (staging.prefetches) {
      staging.storeValues();
      this.barrier();
      staging.fetchKeys(`firstKey + ${tile.keys}`, (name, code) => `${name} = ${code};`);
    } else {
      staging.stageValues(piece);
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
    const { emission, team } = this;
    const { writer, inliner } = emission;
    const { width } = this.sizes;
    const { vectors } = this.staging.width;
    const nan = `vec4<f32>(${writer.uniforms.special(NaN)})`;
    this.forEachSum((sum, r, { column, guard }, piece) => {
      const guards = [team.rowGuards[r], guard].filter((code) => code !== '');
      guarded(writer, guards.join(' && '), () => {
        const vector = ix.shift(column, piece * vectors);
        const code = `select(${nan}, ${sum} / denominator[${r}], isNumber[${r}])`;
        const row = [...team.batch, team.rows[r]];
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
          guarded(writer, inside, () => {
            const result = inliner.define(`${whole}[${element}]`, 1, 'float32', writer.depth);
            emission.epilogue([...row, at], result, 1);
          });
        }
      });
    });
  }
}

export function emitTiledAttention(emission: KernelEmission, tile: AttentionTile): ShaderProgram {
  return new TiledAttention(emission, tile, nameTeam(emission, tile)).write();
}
