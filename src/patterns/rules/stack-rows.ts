/** The inputs of a recurrent layer: one product for all of its steps, not one for each. */
import { sizeOf, type Node, type Value } from '../../ir/graph';
import { any, op } from '../match';
import type { FusionRule, Match, Replacement } from '../rule';

/** Rows of `of`, all of its axes but the last taken for one. */
interface Rows {
  readonly of: Value;
  readonly first: number;
  readonly count: number;
}

/** A product of some rows. */
interface RowProduct {
  readonly product: Node;
  readonly rows: Rows;
}

/** What `value` is rows of: a slice of whole rows, under whatever shape. */
function rowsOf(value: Value): Rows | null {
  let node = value.producer;
  while (node?.kernel === 'Reshape') node = node.inputs[0].producer;
  if (node?.kernel !== 'Slice') return null;
  const [[of], [part], attrs] = [node.inputs, node.outputs, node.attrs];
  const last = of.shape.length - 1;
  const depth = value.shape.at(-1) as number;
  if (last < 1 || of.shape[last] !== depth) return null;
  const begin = attrs.begin as number[];
  const isWhole = of.shape.every((dim, axis) => axis === 0 || part.shape[axis] === dim);
  if (!isWhole || (attrs.strides as number[]).some((stride) => stride !== 1)) return null;
  return {
    of,
    first: begin[0] * sizeOf(of.shape.slice(1, last)),
    count: sizeOf(value.shape) / depth,
  };
}

/** Whether a product multiplies rows by one matrix. */
function isOfRows({ kernel, inputs: [, weights], attrs }: Node): boolean {
  return (
    kernel === 'BatchMatMul' &&
    attrs.transposeA === false &&
    attrs.parts === undefined &&
    sizeOf(weights.shape.slice(0, -2)) === 1
  );
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
    const rows = isAlike ? rowsOf(product.inputs[0]) : null;
    return rows?.of === of ? [{ product, rows }] : [];
  });
}

export const stackRows: FusionRule<readonly RowProduct[]> = {
  name: 'stack-rows',
  equation: 'rows of x · w, other rows of x · w ⇒ rows of one product x · w',
  match: op('BatchMatMul', [any(), any('weights')]),
  check(match) {
    const rows = isOfRows(match.root) ? rowsOf(match.root.inputs[0]) : null;
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
