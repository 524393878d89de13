/** The inputs of a recurrent layer: one product for all of its steps, not one for each. */
import { sizeOf, type Node } from '../../ir/graph';
import { any, op } from '../match';
import type { FusionRule, Match, Replacement } from '../rule';
import { rowsOf, type Rows } from './rows-of';

/** A product of some rows. */
interface RowProduct {
  readonly product: Node;
  readonly rows: Rows;
}

/** Whether a product multiplies rows by one matrix. */
export function isOfRows({ kernel, inputs: [, weights], attrs }: Node): boolean {
  return (
    kernel === 'BatchMatMul' &&
    attrs.transposeA === false &&
    attrs.parts === undefined &&
    sizeOf(weights.shape.slice(0, -2)) === 1
  );
}

/** What the rows of a product are whole rows of. */
function wholeRowsOf({ inputs: [x] }: Node): Rows | null {
  const rows = rowsOf(x);
  return rows?.of.shape.at(-1) === x.shape.at(-1) ? rows : null;
}

/** The products of `weights` with rows of what `root` has rows of, in order. */
function productsOf(match: Match, { of }: Rows): RowProduct[] {
  const { root } = match;
  const [, weights] = root.inputs;
  return match.usesOf(weights).flatMap((product): RowProduct[] => {
    const isAlike =
      isOfRows(product) &&
      product.inputs[1] === weights &&
      product.attrs.transposeB === root.attrs.transposeB;
    const rows = isAlike ? wholeRowsOf(product) : null;
    return rows?.of === of ? [{ product, rows }] : [];
  });
}

export const stackRows: FusionRule<readonly RowProduct[]> = {
  name: 'stack-rows',
  equation: 'rows of x · w, other rows of x · w ⇒ rows of one product x · w',
  match: op('BatchMatMul', [any(), any('weights')]),
  check(match) {
    const rows = isOfRows(match.root) ? wholeRowsOf(match.root) : null;
    if (!rows) return '';
    const found = productsOf(match, rows).sort((a, b) => a.rows.first - b.rows.first);
    if (found.length < 2) return '';
    const follows = found.every(
      (one, at) =>
        at === 0 || one.rows.first === found[at - 1].rows.first + found[at - 1].rows.count,
    );
    return follows ? found : 'its rows do not follow each other';
  },
  rewrite({ root }, build, found) {
    build.origins = found.flatMap(({ product }) => product.origins);
    const [x, weights] = root.inputs;
    const [{ rows: first }] = found;
    const depth = x.shape.at(-1) as number;
    const count = found.reduce((sum, { rows }) => sum + rows.count, 0);
    const matrix = build.reshape(first.of, [sizeOf(first.of.shape) / depth, depth]);
    const all = build.slice(matrix, [first.first, 0], [count, depth]);
    const columns = root.outputs[0].shape.at(-1) as number;
    const product = build.op(
      'BatchMatMul',
      [all, build.reshape(weights, weights.shape.slice(-2))],
      root.attrs,
    );
    return found.map(({ product: { outputs }, rows }): Replacement => {
      const [part] = outputs;
      const own = build.slice(product, [rows.first - first.first, 0], [rows.count, columns]);
      return [part, build.reshape(own, part.shape)];
    });
  },
};
