import type { Value } from '../../ir/graph';
import { demand, refuse } from '../../ir/infer/refused';
import type { NodeImport } from './node-import';

/** What each activation of a fused op adds; `alpha` is the operand after the bias. */
const ACTIVATIONS: Readonly<
  Record<string, (node: NodeImport, y: Value, alpha: Value | undefined) => Value>
> = {
  linear: (_node, y) => y,
  relu: (node, y) => node.b.op('Relu', [y]),
  relu6: (node, y) => node.b.op('Relu6', [y]),
  elu: (node, y) => node.b.op('Elu', [y]),
  sigmoid: (node, y) => node.b.op('Sigmoid', [y]),
  prelu: (node, y, alpha) => node.b.op('Prelu', [y, alpha ?? refuse('prelu has no weights')]),
  leakyrelu: (node, y) => {
    // tfjs forgets the attribute of a depthwise convolution, and what follows is undefined.
    demand(!node.def.op.includes('Depthwise'), () => 'tfjs has no alpha for leakyrelu here');
    return node.b.op('LeakyRelu', [y], { alpha: node.numberAttr('leakyrelu_alpha', 0.2) });
  },
};

/**
 * Adds what `fused_ops` names after a convolution or a matrix product: `[BiasAdd, activation]`,
 * with the operands from position 2 on.
 */
export function addBiasAndActivation(node: NodeImport, y: Value): Value {
  const [extra, activation = 'linear'] = node.stringsAttr('fused_ops');
  const operands = node.inputs.slice(2);
  if (extra === 'fusedbatchnorm') refuse('tfjs cannot run a batch normalization fused here');
  const isMatMul = node.def.op === '_FusedMatMul';
  if (extra === 'biasadd') {
    const wanted = activation === 'prelu' ? 2 : 1;
    const count = node.numberAttr('num_args', 0);
    demand(count === wanted && operands.length >= wanted, () => `${count} operands for ${wanted}`);
  }
  // A matrix product takes its first operand for the bias, whatever fused_ops says.
  const hasBias = extra === 'biasadd' || (isMatMul && operands.length > 0);
  const alpha = operands[hasBias ? 1 : 0];
  const biased = hasBias ? node.b.op('Add', [y, node.b.cast(operands[0], y.dtype)]) : y;
  demand(
    biased.shape.length === y.shape.length,
    () => 'the bias has more dimensions than the result',
  );
  const activate = ACTIVATIONS[activation] ?? refuse(`unknown activation ${activation}`);
  return activate(node, biased, alpha);
}
