/** Kernels that make values from attributes or indices. */
import { util, type DataType } from '@tensorflow/tfjs-core';
import type { Value } from '../../ir/graph';
import { irType, type KernelCall, type LazyKernel } from './lazy-kernel';

function fill(call: KernelCall): Value {
  const value = call.attr<number>('value');
  const dtype = call.attr<DataType | undefined>('dtype') ?? util.inferDtype(value);
  return call.fill(call.attr<number[]>('shape'), value, irType(dtype));
}

function like(element: number) {
  return (call: KernelCall): Value => call.fill(call.input(0).shape, element, call.input(0).dtype);
}

function oneHot(call: KernelCall): Value {
  const { b } = call;
  const indices = call.input(0);
  const depth = call.attr<number>('depth');
  const dtype = irType(call.attr<DataType | undefined>('dtype') ?? 'int32');
  const columns = b.hostConstant(
    [depth],
    indices.dtype,
    Array.from({ length: depth }, (_, column) => column),
  );
  const hit = b.op('Equal', [b.reshape(indices, [...indices.shape, 1]), columns]);
  const scalar = (name: string): Value => b.scalar(call.attr<number>(name), dtype);
  return b.op('Select', [hit, scalar('onValue'), scalar('offValue')]);
}

export const sourceKernels: readonly LazyKernel[] = [
  { kernel: 'Fill', inputs: [], lower: fill },
  { kernel: 'ZerosLike', inputs: ['x'], lower: like(0) },
  { kernel: 'OnesLike', inputs: ['x'], lower: like(1) },
  { kernel: 'OneHot', inputs: ['indices'], lower: oneHot },
];
