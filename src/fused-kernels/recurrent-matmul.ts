/**
 * The product of a recurrent cell: its columns are those of up to four gates of equal width. The columns that stand at
 * one place of all gates are computed as the lanes of one vector, so that one invocation has them in registers, and
 * the new state, which is made of all of them, follows in the same kernel.
 */
import type { Node } from '../ir/graph';
import * as ix from '../ir/index-expression';
import type { KernelEmission } from './emit';
import type { FusedKernel } from './kernel';
import { floatOnly } from './loops';
import { generateProduct, tiledReuse } from './product';
import type { ProductSpec } from './product-spec';
import type { ProductShape } from './product-tiles';
import type { Operand } from './wgsl/inliner';

/** Lanes of a vector: gates at most. A gate that is not there is computed all the same, of zeros. */
const LANES = 4;

function shapeOf({ inputs: [x], outputs: [{ shape }] }: Node): ProductShape {
  const [rows, width] = shape;
  return { batch: 1, rows, columns: LANES * width, depth: x.shape[1], taps: 1, pair: false };
}

function recurrentMatmul({ inliner, request }: KernelEmission): ProductSpec {
  const { inputs, outputs, attrs } = request.group.anchor;
  const [x, weights] = inputs;
  const [rows, width] = outputs[0].shape;
  return {
    batch: 1,
    rows,
    columns: LANES * width,
    depth: x.shape[1],
    window: [],
    a: (_batch, row, _window, k) => inliner.value(x, [row, k]),
    b(_batch, _window, k, column) {
      const gate = ix.mod(column, LANES);
      const at = ix.add(ix.scale(gate, width), ix.floorDiv(column, LANES));
      const load = (): Operand => inliner.value(weights, attrs.transposeB ? [at, k] : [k, at]);
      return inliner.guard([{ coord: gate, extent: outputs.length }], 'float32', 0, load);
    },
    results: (sum) =>
      outputs.map((_, gate) => ({ ...sum, code: `${sum.code}[${gate}]`, width: 1 })),
    output: (_batch, row, column) => [row, ix.floorDiv(column, LANES)],
  };
}

export const recurrentMatmulKernel: FusedKernel = {
  name: 'recurrent-matmul',
  anchors: ['RecurrentMatMul'],
  refuse: floatOnly,
  reuse: (node, index, target) => {
    const { rows, columns } = shapeOf(node);
    const tiled = tiledReuse(shapeOf(node), index === 0 ? 0 : 1, target);
    return tiled ?? (index === 0 ? columns / 8 : rows / 4);
  },
  generate: (request) => generateProduct(request, recurrentMatmul),
};
