/** What the attribute `fused_ops` puts after a convolution or a matrix product. */
import type { Value } from '../../ir/graph';
import { demand, refuse } from '../../ir/infer/refused';
import type { FusedAttrs } from '../../lowering/activation';
import type { NodeImport } from './node-import';

/** Operands and attributes of tfjs's fused kernel behind the first two operands. */
export interface FusedTail {
  readonly operands: readonly [bias: Value | undefined, preluActivationWeights: Value | undefined];
  readonly attrs: FusedAttrs;
}

/** Reads `[BiasAdd, activation]`, with the operands from position 2 on. */
export function readFusedOps(node: NodeImport): FusedTail {
  const [extra, activation = 'linear'] = node.stringsAttr('fused_ops');
  const operands = node.inputs.slice(2);
  if (extra === 'fusedbatchnorm') refuse('tfjs cannot run a batch normalization fused here');
  if (extra === 'biasadd') {
    const wanted = activation === 'prelu' ? 2 : 1;
    const count = node.numberAttr('num_args', 0);
    demand(count === wanted && operands.length >= wanted, () => `${count} operands for ${wanted}`);
  }
  // tfjs forgets the attribute of a depthwise convolution, and what follows is undefined.
  demand(
    activation !== 'leakyrelu' || !node.def.op.includes('Depthwise'),
    () => 'tfjs has no alpha for leakyrelu here',
  );
  // A matrix product takes its first operand for the bias, whatever fused_ops says.
  const hasBias = extra === 'biasadd' || (node.def.op === '_FusedMatMul' && operands.length > 0);
  return {
    operands: hasBias ? [operands[0], operands[1]] : [undefined, operands[0]],
    attrs: { activation, leakyreluAlpha: node.numberAttr('leakyrelu_alpha', 0.2) },
  };
}
