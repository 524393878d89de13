/**
 * What runs on tfjs's `cpu` backend: kernels that it has and WebGPU lacks (string and ragged
 * kernels, Unique, …), and any kernel on strings, which no shader can read, or on no elements, for
 * which there is nothing to run. Operands are read back, results uploaded when somebody needs them.
 */
import {
  findBackend,
  getKernel,
  getKernelsForBackend,
  registerKernel,
  util,
  type BackendValues,
  type DataType,
  type KernelConfig,
  type KernelFunc,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { tensorData } from './internals';
import { type KernelCall, runMended } from './mended-calls';
import {
  isInteger,
  unsoundCallsOf,
  unsoundness,
  type StockOperand,
  type Unsound,
} from './unsound-kernels';

/** Registers for `backendName` every kernel of `cpu` that it lacks; returns their names. */
export function registerCpuFallbacks(backendName: string): string[] {
  const own = new Set(getKernelsForBackend(backendName).map(({ kernelName }) => kernelName));
  const missing = getKernelsForBackend('cpu').filter(({ kernelName }) => !own.has(kernelName));
  for (const config of missing) {
    registerKernel({
      kernelName: config.kernelName,
      backendName,
      kernelFunc: runOnCpu(config),
    });
  }
  return missing.map(({ kernelName }) => kernelName);
}

/**
 * Kernels of truth values, by which loops go on, and of integers that say where rows begin: stock has them on
 * the GPU only, and what goes on by their results would read them back.
 */
export const STEERING: ReadonlySet<string> = new Set([
  ...['LogicalAnd', 'LogicalNot', 'LogicalOr'],
  ...['Bincount', 'DenseBincount', 'Cumsum', 'Prod', 'Sum', 'Min', 'All', 'Any'],
]);

/** Answers a call of a kernel, or null if it cannot. */
export type OwnPlan = (
  call: Parameters<KernelFunc>[0],
) => TensorInfo | TensorInfo[] | null | undefined;

/**
 * A kernel of stock's, but for calls that it cannot be trusted with. Strings it moves itself, some
 * kernels only while they are few, and GatherNd leaks two tensors each time. Where an operand has no
 * elements, some fail (convolutions, sums over nothing); `cpu` knows the answer. What is known to be
 * wrong (`unsound-kernels.ts`) is for `ownPlan`, or for other calls of stock's (`mended-calls.ts`), or else for `cpu`.
 */
export function stockOrCpu(kernelName: string, stock: KernelFunc, ownPlan?: OwnPlan): KernelFunc {
  const rows = unsoundCallsOf(kernelName);
  const isSteering = STEERING.has(kernelName);
  return (call) => {
    let onCpu = isAnyForCpu(kernelName, call.inputs) || (isSteering && isHeldByCpu(call));
    const unsound = rows && !onCpu ? judge(rows, call) : null;
    if (unsound) {
      const answer = ownPlan?.(call) ?? runMended(kernelName, stock, call);
      if (answer) return answer;
      onCpu = !unsound.isRare;
    }
    const config = onCpu ? getKernel(kernelName, 'cpu') : undefined;
    return (config ? runOnCpu(config) : stock)(call);
  };
}

/** Which of `rows` a call is. Every kernel that runs at once passes here: it makes one array, and nothing else. */
function judge(rows: readonly Unsound[], { inputs, attrs, backend }: KernelCall): Unsound | null {
  const host = backend as WebGPUBackend;
  const operands: StockOperand[] = [];
  for (const name in inputs) {
    const operand = inputs[name];
    if (!operand) continue;
    // A cast without loss renames the type of a tensor; shaders see what is stored.
    const { dtype } = tensorData(host, operand.dataId);
    if (dtype === 'complex64') return null;
    operands.push(dtype === operand.dtype ? operand : { shape: operand.shape, dtype });
  }
  return unsoundness(rows, operands, attrs ?? {}, host.device.limits);
}

/** Whether the operands are integers, few, and live on the CPU. */
function isHeldByCpu({ inputs, backend }: KernelCall): boolean {
  const operands = Object.values(inputs) as TensorInfo[];
  return operands.every(isInteger) && (backend as WebGPUBackend).shouldExecuteOnCPU(operands);
}

function isAnyForCpu(kernelName: string, inputs: KernelCall['inputs']): boolean {
  for (const name in inputs) if (isForCpu(kernelName, inputs[name])) return true;
  return false;
}

function isForCpu(kernelName: string, operand: TensorInfo | undefined): boolean {
  if (!operand) return false;
  const { dtype, shape } = operand;
  if (dtype === 'string') return true;
  // Stock leaves out the parts of nothing; `cpu` would read the others back.
  if (kernelName === 'Concat') return false;
  return dtype !== 'complex64' && shape?.includes(0) && findBackend('cpu') !== null;
}

/** A kernel that WebGPU lacks; undefined where `cpu` lacks it too. */
export function cpuFallback(kernelName: string): KernelFunc | undefined {
  const config = getKernel(kernelName, 'cpu');
  return config && runOnCpu(config);
}

function runOnCpu({ kernelName, kernelFunc }: KernelConfig): KernelFunc {
  return ({ inputs, backend, attrs }) => {
    const cpu = findBackend('cpu') as MathBackendCPU | null;
    if (!cpu) {
      throw new Error(
        `[webgpu-fused] ${kernelName}: got no cpu backend, and WebGPU has no such kernel. ` +
          "Import '@tensorflow/tfjs-backend-cpu'.",
      );
    }
    const source = backend as WebGPUBackend;
    const made: TensorInfo[] = [];
    const toCpu = (info: TensorInfo): TensorInfo => {
      const values = typed(source.readSync(info.dataId), info.dtype);
      const copy = { ...info, dataId: cpu.write(values, info.shape, info.dtype) };
      made.push(copy);
      return copy;
    };
    // Concat and its like take a list itself for inputs.
    const operands = Array.isArray(inputs)
      ? inputs.map(toCpu)
      : Object.fromEntries(
          Object.entries(inputs as Record<string, TensorInfo | TensorInfo[] | undefined>).map(
            ([name, value]) => [
              name,
              Array.isArray(value) ? value.map(toCpu) : value && toCpu(value),
            ],
          ),
        );
    const results = kernelFunc({ inputs: operands as never, backend: cpu, attrs });
    const list = Array.isArray(results) ? results : [results];
    const outputs = list.map(({ dataId, shape, dtype }) => ({
      dataId: source.write(cpu.readSync(dataId), shape, dtype),
      shape,
      dtype,
    }));
    for (const { dataId } of [...made, ...list]) cpu.disposeData(dataId, true);
    return Array.isArray(results) ? outputs : outputs[0];
  };
}

/** Some kernels of tfjs answer no elements as a plain array, from which kernels of `cpu` cannot slice. */
function typed(values: BackendValues, dtype: DataType): BackendValues {
  return dtype !== 'string' && Array.isArray(values) ? util.toTypedArray(values, dtype) : values;
}
