/**
 * Which kernel computes a product. A family (matmul, convolutions, gated products) describes its
 * product in a {@link ProductSpec} and knows none of these:
 *
 * | kernel          | where                                                           |
 * | --------------- | --------------------------------------------------------------- |
 * | `split-product` | a few rows, as a decoder has: a workgroup shares the depth      |
 * | `tiled-product` | GPUs: both operands go through workgroup memory, tile by tile   |
 * | `register-tile` | software adapters, where barriers cost more than caches         |
 */
import { emitKernel, KernelEmission, WORKGROUP_SIZE } from './emit';
import type { KernelRequest, KernelTarget, LaneAxis } from './kernel';
import { shapeOf, type ProductSpec } from './product-spec';
import { chooseProduct, type ProductShape } from './product-tiles';
import { emitRegisterTiles } from './register-tile';
import { chooseSkinny, isSkinny } from './skinny-tiles';
import { emitSplitProduct } from './split-product';
import { emitTiledProduct, findAxes } from './tiled-product';
import type { ShaderProgram } from './wgsl/kernel-writer';

/** Writes the shader of the product that `describe` describes. */
export function generateProduct(
  request: KernelRequest,
  describe: (emission: KernelEmission) => ProductSpec,
): ShaderProgram {
  const { target } = request;
  const sketch = (): KernelEmission => new KernelEmission(request, new Set(), WORKGROUP_SIZE);
  const shape = shapeOf(describe(sketch()));
  const { hints } = request;
  const axesOf = (): readonly LaneAxis[] => {
    const axes = hints?.axes ?? findAxes(describe, sketch);
    if (hints) hints.axes = axes;
    return axes;
  };
  if (isSkinny(shape, target)) {
    const choice = chooseSkinny(shape, target);
    const axes = axesOf();
    return emitKernel(
      request,
      (emission) => emitSplitProduct(emission, describe(emission), choice, axes),
      choice.slices * choice.vectors,
    );
  }
  const choice = chooseProduct(shape, target);
  if (!choice) {
    return emitKernel(request, (emission) => emitRegisterTiles(emission, describe(emission)));
  }
  const axes = axesOf();
  return emitKernel(
    request,
    (emission) => emitTiledProduct(emission, describe(emission), choice.tile, axes),
    choice.tile.invocations,
  );
}

/** How many workgroups are to share each sum of a product; 1 where none does. */
export function productParts(shape: ProductShape, target: KernelTarget): number {
  const choice = isSkinny(shape, target)
    ? chooseSkinny(shape, target)
    : chooseProduct(shape, target);
  return choice?.parts ?? 1;
}

/**
 * How often tiles load each element of A (0) or of B (1): once for each tile along the other
 * operand; null where the product has no tiles.
 */
export function tiledReuse(shape: ProductShape, index: 0 | 1, target: KernelTarget): number | null {
  const choice = chooseProduct(shape, target);
  if (!choice) return null;
  const { rows, columns } = choice.tile;
  return index === 0 ? Math.ceil(shape.columns / columns) : Math.ceil(shape.rows / rows);
}
