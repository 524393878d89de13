// Compiles against the built declarations, as an ES module of a user does.
import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import * as fused from 'tfjs-backend-webgpu-fused';
import * as pure from 'tfjs-backend-webgpu-fused/pure';

export const versions: readonly string[] = [fused.version, pure.version];

/** Results are of the type of the first argument; with a residual there are two. */
export function block(x: Tensor2D, heads: Tensor4D, weights: Tensor): Tensor2D {
  const plain: Tensor2D = fused.layerNorm(x, [1, 2], null, { axis: [-1], epsilon: 1e-5 });
  const both: fused.SumAndNorm<Tensor2D> = fused.layerNorm(x, null, null, { residual: plain });
  const root: Tensor2D = fused.rmsNorm(both.sum, [1, 2]);
  const mixed: Tensor4D = fused.attention(heads, heads, heads, { causal: true, mask: [[true]] });
  mixed.dispose();
  const layer: fused.DenseLayer = { weights, bias: [0, 0], activation: 'gelu' };
  // @ts-expect-error: there is no such activation.
  fused.mlp(root, [{ weights, activation: 'gelo' }]);
  return fused.mlp(both.normalized, [layer]);
}
