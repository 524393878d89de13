import { refuse } from '../../ir/infer/refused';
import { sameShape, type Value } from '../../ir/graph';
import { upcast, type Importer, type ImportTable, type NodeImport } from './node-import';

/** A kernel of one operand that tfjs calls by the op's name. */
const UNARY = [
  ...['Abs', 'Acos', 'Acosh', 'Asin', 'Asinh', 'Atan', 'Atanh', 'Ceil', 'Cos', 'Cosh', 'Elu'],
  ...['Exp', 'Expm1', 'Floor', 'IsFinite', 'IsInf', 'IsNan', 'Log', 'Log1p', 'LogicalNot', 'Neg'],
  ...['Reciprocal', 'Relu', 'Relu6', 'Round', 'Rsqrt', 'Selu', 'Sigmoid', 'Sign', 'Sin', 'Sinh'],
  ...['Softplus', 'Sqrt', 'Square', 'Tan', 'Tanh'],
];

/** Kernels of two operands of one type, by op name. */
const BINARY: Readonly<Record<string, string>> = {
  Add: 'Add',
  AddV2: 'Add',
  // tfjs ignores data_format here: the bias always lies along the last axis.
  BiasAdd: 'Add',
  Sub: 'Sub',
  Mul: 'Multiply',
  FloorDiv: 'FloorDiv',
  Mod: 'Mod',
  FloorMod: 'Mod',
  Pow: 'Pow',
  SquaredDifference: 'SquaredDifference',
  Atan2: 'Atan2',
  Equal: 'Equal',
  NotEqual: 'NotEqual',
  Greater: 'Greater',
  GreaterEqual: 'GreaterEqual',
  Less: 'Less',
  LessEqual: 'LessEqual',
};

function unary(kernel: string): Importer {
  return (node) => node.b.op(kernel, [node.input(0)]);
}

function binary(kernel: string): Importer {
  return (node) => node.b.op(kernel, node.matchTypes(node.input(0), node.input(1)));
}

function divide(node: NodeImport): Value {
  const [a, b] = node.matchTypes(node.input(0), node.input(1));
  return node.b.op(a.dtype === 'int32' ? 'FloorDiv' : 'RealDiv', [a, b]);
}

function divideNoNan(node: NodeImport): Value {
  const quotient = divide(node);
  const [, divisor] = node.matchTypes(node.input(0), node.input(1));
  const isZero = node.b.op('Equal', [divisor, node.b.scalar(0, divisor.dtype)]);
  return node.b.op('Select', [isZero, node.b.scalar(0, quotient.dtype), quotient]);
}

/** Maximum and Minimum compute bools as integers. */
function extreme(kernel: string): Importer {
  return (node) => {
    const [a, b] = node.matchTypes(node.input(0), node.input(1));
    const dtype = upcast(a.dtype, a.dtype === 'bool' ? 'int32' : a.dtype);
    return node.b.op(kernel, [node.b.cast(a, dtype), node.b.cast(b, dtype)]);
  };
}

function addN(node: NodeImport): Value {
  const [first, ...rest] = node.inputs;
  return rest.reduce((sum, term) => {
    if (term.dtype !== first.dtype || !sameShape(term.shape, first.shape)) {
      refuse('terms differ in shape or type');
    }
    return node.b.op('Add', [sum, term]);
  }, first);
}

function clip(node: NodeImport): Value {
  const [clipValueMin, clipValueMax] = [node.number(1), node.number(2)];
  const x = node.input(0);
  if (clipValueMin > clipValueMax) refuse(`min ${clipValueMin} is above max ${clipValueMax}`);
  if (clipValueMin === clipValueMax) return node.fill(x.shape, clipValueMin, x.dtype);
  return node.b.op('ClipByValue', [x], { clipValueMin, clipValueMax });
}

function select(node: NodeImport): Value {
  const [a, b] = node.matchTypes(node.input(1), node.input(2));
  return node.b.op('Select', [node.input(0), a, b]);
}

/** Ops that compute each element from the elements at its place. */
export const elementwiseImports: ImportTable = {
  ...Object.fromEntries(UNARY.map((kernel) => [kernel, unary(kernel)])),
  ...Object.fromEntries(Object.entries(BINARY).map(([op, kernel]) => [op, binary(kernel)])),
  Maximum: extreme('Maximum'),
  Minimum: extreme('Minimum'),
  RealDiv: divide,
  Div: divide,
  DivNoNan: divideNoNan,
  AddN: addN,
  LogicalAnd: (node) => node.b.op('LogicalAnd', [node.input(0), node.input(1)]),
  LogicalOr: (node) => node.b.op('LogicalOr', [node.input(0), node.input(1)]),
  Erf: (node) => {
    const x = node.input(0);
    return node.b.op('Erf', [x.dtype === 'int32' ? node.b.cast(x, 'float32') : x]);
  },
  LeakyRelu: (node) =>
    node.b.op('LeakyRelu', [node.input(0)], { alpha: node.numberAttr('alpha', 0.2) }),
  Prelu: (node) => node.b.op('Prelu', [node.input(0), node.input(1)]),
  ClipByValue: clip,
  Select: select,
  SelectV2: select,
  Cast: (node) => node.b.cast(node.input(0), node.dtypeAttr('DstT')),
};
