/** What tfjs's fused kernels do after a convolution or a matrix product. */
import type { GraphBuilder } from '../ir/builder';
import { sameShape, type Value } from '../ir/graph';
import { demand, refuse } from '../ir/infer/refused';

/** Attributes of all fused kernels. */
export interface FusedAttrs {
  /** tfjs's name of it, in lower case; `linear` if absent. */
  readonly activation?: string | null;
  /** What `leakyrelu` multiplies negative elements with. */
  readonly leakyreluAlpha?: number;
}

/** Names of the operands of a fused kernel behind the first two. */
export const FUSED_INPUTS = ['bias?', 'preluActivationWeights?'] as const;

/** `y`, with its bias if it has one, after the activation. */
export function addBiasAndActivation(
  b: GraphBuilder,
  y: Value,
  [bias, weights]: readonly [bias: Value | undefined, weights: Value | undefined],
  { activation, leakyreluAlpha }: FusedAttrs,
): Value {
  const biased = bias ? b.op('Add', [y, b.cast(bias, y.dtype)]) : y;
  const result = activate(b, activation ?? 'linear', biased, weights, leakyreluAlpha);
  demand(sameShape(result.shape, y.shape), () => 'bias or weights are larger than the result');
  return result;
}

const KERNELS: Readonly<Record<string, string>> = {
  relu: 'Relu',
  relu6: 'Relu6',
  elu: 'Elu',
  sigmoid: 'Sigmoid',
};

function activate(
  b: GraphBuilder,
  name: string,
  y: Value,
  weights: Value | undefined,
  alpha: number | undefined,
): Value {
  switch (name) {
    case 'linear':
      return y;
    case 'prelu':
      return b.op('Prelu', [y, weights ?? refuse('prelu has no weights')]);
    case 'leakyrelu':
      return b.op('LeakyRelu', [y], { alpha: alpha ?? refuse('leakyrelu has no alpha') });
    default:
      return b.op(KERNELS[name] ?? refuse(`activation ${name} is unknown`), [y]);
  }
}
