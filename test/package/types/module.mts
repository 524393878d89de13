// Compiles against the built declarations, as an ES module of a user does.
import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import * as fused from 'tfjs-backend-webgpu-fused';
import { reportHtml, type ReportOptions } from 'tfjs-backend-webgpu-fused/html';
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

/** Rules are written with types of their own: what `check` finds, `rewrite` is given. */
const double = (build: fused.GraphBuilder, x: fused.Value, rank: number): fused.Value =>
  build.op('Multiply', [x, build.scalar(rank)]);

const rule: fused.FusionRule<number> = {
  name: 'ranked',
  equation: 'relu(x) ⇒ rank · x',
  match: fused.pattern.op('Relu', [fused.pattern.any('x')]),
  check: ({ root }: fused.Match) => root.outputs[0].shape.length || 'it is a scalar',
  rewrite: (match, build, rank) => double(build, match.value('x'), rank),
};
export const remove: () => void = fused.registerFusion(rule);

// @ts-expect-error: what plans are compiled with is no part of the API.
export const target = ({} as fused.WebGPUFusedBackend).target;

/** A report, of a model or of what was told of it. */
const options: ReportOptions = { title: 'mine' };
export const report = (told: fused.ModelExplanation): string => reportHtml(told, options);
