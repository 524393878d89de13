/** Kernels that compute each element from the elements at its place. */
import { util, type DataType } from '@tensorflow/tfjs-core';
import { scalarOps } from '../../ir/expression';
import { sameShape, type Value } from '../../ir/graph';
import { demand } from '../../ir/infer/refused';
import { formatShape } from '../../ir/infer/shape';
import { irType, passOnIf, type KernelCall, type LazyKernel } from './lazy-kernel';

/** Those that stock computes on the CPU where their operands live there. */
const ON_CPU: ReadonlySet<string> = new Set([
  ...['Abs', 'Ceil', 'Exp', 'Expm1', 'Floor', 'Log', 'Neg', 'Rsqrt'],
  ...['Add', 'Sub', 'Multiply', 'FloorDiv', 'Maximum', 'Minimum'],
  ...['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual'],
]);

/** Inputs of the kernels of two operands that are not called `a` and `b`. */
const INPUTS: Readonly<Record<string, readonly string[]>> = {
  Prelu: ['x', 'alpha'],
  EluGrad: ['dy', 'y'],
};

/** Kernels that take operands of different types as they are. */
const MIXED: ReadonlySet<string> = new Set(['Prelu']);

/** Kernels with a form of their own below. */
const SPECIAL: ReadonlySet<string> = new Set(['Cast', 'Select']);

const plain: readonly LazyKernel[] = [...scalarOps.values()]
  .filter(({ kernel }) => !SPECIAL.has(kernel))
  .map(({ kernel, arity }) => ({
    kernel,
    inputs: arity === 1 ? ['x'] : (INPUTS[kernel] ?? ['a', 'b']),
    onCpu: ON_CPU.has(kernel),
    lower(call) {
      const operands = arity === 1 || MIXED.has(kernel) ? call.all() : call.matchedPair(0, 1);
      return call.b.op(kernel, operands, call.attrs);
    },
  }));

function cast(call: KernelCall): Value {
  const x = call.input(0);
  const dtype = call.attr<DataType>('dtype');
  passOnIf(!util.hasEncodingLoss(x.dtype, dtype));
  return call.b.cast(x, irType(dtype));
}

function select(call: KernelCall): Value {
  const condition = call.input(0);
  const [t, e] = call.matchedPair(1, 2);
  demand(
    sameShape(condition.shape, t.shape) && sameShape(t.shape, e.shape),
    () => `shapes ${[condition, t, e].map(({ shape }) => formatShape(shape)).join(', ')} differ`,
  );
  return call.b.op('Select', [condition, t, e]);
}

function addN(call: KernelCall): Value {
  const [first, ...rest] = call.all();
  passOnIf(rest.length === 0);
  return rest.reduce((sum, term) => {
    demand(term.dtype === first.dtype && sameShape(term.shape, first.shape), () => 'terms differ');
    return call.b.op('Add', [sum, term]);
  }, first);
}

export const elementwiseKernels: readonly LazyKernel[] = [
  ...plain,
  { kernel: 'Cast', inputs: ['x'], onCpu: true, lower: cast },
  { kernel: 'Select', inputs: ['condition', 't', 'e'], lower: select },
  { kernel: 'AddN', lower: addN },
];
