/** Ops that compute each element from the elements at its place. */
import { scalarOps } from '../../ir/expression';
import type { Value } from '../../ir/graph';
import { refuse } from '../../ir/infer/refused';
import { elementwiseLowerings, scalarLowerings } from '../../lowering/elementwise';
import { fill } from '../../lowering/source';
import { matchTypes } from '../../lowering/types';
import { invokes, type Importer, type ImportTable, type NodeImport } from './node-import';

const none = (): object => ({});

const invokesPlain = (kernel: string): Importer => invokes(scalarLowerings[kernel], none);

/** Scalar ops without attributes: TensorFlow's op has the name of tfjs's kernel. */
const plain: ImportTable = Object.fromEntries(
  [...scalarOps.values()]
    .filter(({ attrNames }) => attrNames.length === 0)
    .map(({ kernel }) => [kernel, invokesPlain(kernel)]),
);

/** Other names that TensorFlow has for a kernel. */
const ALIASES: Readonly<Record<string, string>> = {
  AddV2: 'Add',
  // tfjs ignores data_format here: the bias always lies along the last axis.
  BiasAdd: 'Add',
  Mul: 'Multiply',
  FloorMod: 'Mod',
  SelectV2: 'Select',
};

/** tf.div rounds integers down. */
function divide(node: NodeImport): Value {
  const [a, b] = matchTypes(node.b, node.input(0), node.input(1));
  return node.b.op(a.dtype === 'int32' ? 'FloorDiv' : 'RealDiv', [a, b]);
}

function divideNoNan(node: NodeImport): Value {
  const quotient = divide(node);
  const [, divisor] = matchTypes(node.b, node.input(0), node.input(1));
  const isZero = node.b.op('Equal', [divisor, node.b.scalar(0, divisor.dtype)]);
  return node.b.op('Select', [isZero, node.b.scalar(0, quotient.dtype), quotient]);
}

/** tf.maximum and tf.minimum compute bools as integers. */
function extreme(kernel: 'Maximum' | 'Minimum'): Importer {
  return (node) => {
    const operands = matchTypes(node.b, node.input(0), node.input(1));
    const numbers = operands.map((x) => (x.dtype === 'bool' ? node.b.cast(x, 'int32') : x));
    return node.b.op(kernel, numbers);
  };
}

function clip(node: NodeImport): Value {
  const [clipValueMin, clipValueMax] = [node.number(1), node.number(2)];
  const x = node.input(0);
  if (clipValueMin > clipValueMax) refuse(`min ${clipValueMin} is above max ${clipValueMax}`);
  if (clipValueMin === clipValueMax) return fill(node.b, x.shape, clipValueMin, x.dtype);
  return node.b.op('ClipByValue', [x], { clipValueMin, clipValueMax });
}

/** tf.erf computes integers as floats. */
function erf(node: NodeImport): Value {
  const x = node.input(0);
  return node.b.op('Erf', [x.dtype === 'int32' ? node.b.cast(x, 'float32') : x]);
}

export const elementwiseImports: ImportTable = {
  ...plain,
  ...Object.fromEntries(Object.entries(ALIASES).map(([op, name]) => [op, invokesPlain(name)])),
  AddN: invokes(elementwiseLowerings.AddN, none),
  Cast: invokes(elementwiseLowerings.Cast, (node) => ({ dtype: node.dtypeAttr('DstT') })),
  LeakyRelu: invokes(scalarLowerings.LeakyRelu, (node) => ({
    alpha: node.numberAttr('alpha', 0.2),
  })),
  ClipByValue: clip,
  RealDiv: divide,
  Div: divide,
  DivNoNan: divideNoNan,
  Maximum: extreme('Maximum'),
  Minimum: extreme('Minimum'),
  Erf: erf,
};
