/** Two products of the same rows, and what is made of both sums while they are in registers. */
import type { Expr } from '../ir/expression';
import type { Value } from '../ir/graph';
import type { KernelEmission } from './emit';
import { emitExpression } from './expression';
import type { FusedKernel } from './kernel';
import { generateProduct, tiledReuse } from './product';
import type { ProductSpec } from './product-spec';
import { broadcastCoords } from './wgsl/inliner';

function gatedMatmul(emission: KernelEmission): ProductSpec {
  const { inliner, writer, request } = emission;
  const { inputs, outputs, attrs } = request.group.anchor;
  const [x, a, b, ...operands] = inputs;
  const { shape } = outputs[0];
  const load =
    (weights: Value): ProductSpec['b'] =>
    (_batch, _window, k, column) =>
      inliner.value(weights, attrs.transposeB ? [column, k] : [k, column]);
  return {
    batch: 1,
    rows: shape[0],
    columns: shape[1],
    depth: x.shape[1],
    window: [],
    a: (_batch, row, _window, k) => inliner.value(x, [row, k]),
    b: load(a),
    pair: load(b),
    combine: (_batch, row, column, sums, name) => {
      const { width } = sums[0];
      const slot = (index: number) => {
        if (index < sums.length) return sums[index];
        const operand = operands[index - sums.length];
        return inliner.value(operand, broadcastCoords([row, column], shape, operand.shape));
      };
      const code = emitExpression(emission, attrs.combine as Expr, width, `g${name}_`, slot);
      return { code, width, dtype: 'float32', depth: writer.depth };
    },
    output: (_batch, row, column) => [row, column],
  };
}

export const gatedMatmulKernel: FusedKernel = {
  name: 'gated-matmul',
  anchors: ['GatedMatMul'],
  refuse: () => null,
  reuse: ({ inputs: [x], outputs: [{ shape }] }, index, target) => {
    if (index > 2) return 1;
    const [rows, columns] = shape;
    const sizes = { batch: 1, rows, columns, depth: x.shape[1], taps: 1, pair: true };
    const tiled = tiledReuse(sizes, index === 0 ? 0 : 1, target);
    return tiled ?? (index === 0 ? columns / 4 : rows / 4);
  },
  generate: (request) => generateProduct(request, gatedMatmul),
};
