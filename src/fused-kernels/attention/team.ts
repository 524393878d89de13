/** What a workgroup of tiled attention, and a team of its invocations, work on, under names. */
import { sizeOf } from '../../ir/graph';
import type { IndexExpr } from '../../ir/index-expression';
import * as ix from '../../ir/index-expression';
import type { KernelEmission } from '../emit';
import { assumedBatch, mayExceed, namedIndex } from '../loops';
import { numberTiles, ownerThreads, type OwnerThreads } from '../shared-output';
import { range } from './pieces';
import { attentionSizes } from './sizes';
import { ROWS, teamsOf, type AttentionTile } from './tile';

export interface Team {
  readonly threads: OwnerThreads;
  /** Coordinates in front of a query. */
  readonly batch: readonly IndexExpr[];
  readonly rowTile: IndexExpr;
  /** Four rows of this team, of which those beyond the last query repeat it. */
  readonly quad: IndexExpr;
  readonly rows: readonly IndexExpr[];
  /** Says that row r is a query; '' where all are. */
  readonly rowGuards: readonly string[];
}

/** Names the indices of this invocation; `team` and `member` are variables. */
export function nameTeam(emission: KernelEmission, tile: AttentionTile): Team {
  const { writer, inliner } = emission;
  const teams = teamsOf(tile);
  const { heads, queries, batch } = attentionSizes(emission.request.group.anchor);
  const { counts, total } = numberTiles(emission, [heads, Math.ceil(queries / tile.rows)], 1);
  const [, rowTiles] = counts;
  const threads = ownerThreads(emission, total, true, 'owner');
  const owner = ix.variable('owner', heads * rowTiles);
  const [head, tileOfRows] = ix.delinearize(owner, counts);
  const assumed = assumedBatch(emission, batch);
  const named = namedIndex(emission, 'head', head, heads, { atLeast: sizeOf(assumed) });
  const headCoords = ix.delinearize(named, assumed);
  const rowTile = namedIndex(emission, 'rowTile', tileOfRows, rowTiles);
  for (const [name, code] of [
    ['member', `local.x % ${tile.lanes}u`],
    ['team', `local.x / ${tile.lanes}u`],
  ]) {
    writer.statement(`let ${name} = i32(${code});`);
    writer.defineVariable(name);
  }
  const wanted = ix.add(ix.scale(rowTile, teams), ix.variable('team', teams));
  const quads = Math.ceil(queries / ROWS);
  // Of few queries, all are in the first four rows; where others may come, these are written as one of several.
  const least = writer.options.anySize ? 2 : 1;
  const quad = namedIndex(emission, 'quad', wanted, quads, { atLeast: least });
  const rowOf = (from: IndexExpr, r: number): IndexExpr => ix.shift(ix.scale(from, ROWS), r);
  const atLeast = ROWS * (least - 1) + 1;
  return {
    threads,
    batch: headCoords,
    rowTile,
    quad,
    rows: range(ROWS).map((r) =>
      namedIndex(emission, `row${r}`, rowOf(quad, r), queries, { atLeast }),
    ),
    rowGuards: range(ROWS).map((r) => {
      const row = rowOf(wanted, r);
      return mayExceed(writer, row, queries)
        ? `${inliner.index(row)} < ${writer.dim('rows', queries)}`
        : '';
    }),
  };
}
