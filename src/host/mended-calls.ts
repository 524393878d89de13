/**
 * Calls that stock's kernels get wrong, said by calls that they get right. The elements stay on the device, where
 * `cpu` would have them read back while the app waits.
 */
import {
  getBackend,
  getKernel,
  type KernelFunc,
  type NamedAttrMap,
  type NamedTensorInfoMap,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';

/** What tfjs gives a kernel. */
export type KernelCall = Parameters<KernelFunc>[0];

/** Runs the kernel that is mended as stock has it, and any other as this backend has it. */
type RunKernel = (kernel: string, inputs: NamedTensorInfoMap, attrs?: NamedAttrMap) => TensorInfo;

/** Answers a call, or null where there is no way. */
type Mend = (
  inputs: Readonly<Record<string, TensorInfo>>,
  attrs: NamedAttrMap,
  run: RunKernel,
  backend: WebGPUBackend,
) => TensorInfo | null;

/** Stock loads integers as floats, which have room for this half of one. */
const HALF = 2 ** 16;

/**
 * A kernel that adds or replaces elements: truth values as integers, and integers in two halves, each of
 * which is exact as a float.
 *
 * @param values operands whose elements are moved; the first decides the type.
 */
const scattering =
  (kernel: string, values: readonly string[]): Mend =>
  (inputs, attrs, run, backend) => {
    const withValues = (change: (x: TensorInfo) => TensorInfo): NamedTensorInfoMap =>
      Object.fromEntries(
        Object.entries(inputs).map(([name, x]) => [name, values.includes(name) ? change(x) : x]),
      );
    const { dtype } = inputs[values[0]];
    if (dtype === 'bool') {
      const whole = withValues((x) => run('Cast', { x }, { dtype: 'int32' }));
      return run('Cast', { x: run(kernel, whole, attrs) }, { dtype });
    }
    if (dtype !== 'int32') return run(kernel, inputs, attrs);
    const half = backend.makeTensorInfo([], 'int32', Int32Array.of(HALF));
    const times = (x: TensorInfo): TensorInfo => run('Multiply', { a: x, b: half });
    const highOf = (x: TensorInfo): TensorInfo => run('FloorDiv', { a: x, b: half });
    const lowOf = (x: TensorInfo): TensorInfo => run('Sub', { a: x, b: times(highOf(x)) });
    const [high, low] = [highOf, lowOf].map((part) => run(kernel, withValues(part), attrs));
    const sum = run('Add', { a: times(high), b: low });
    backend.disposeData(half.dataId);
    return sum;
  };

/**
 * Rows that are picked, and added up or averaged in segments. How many segments there are the last of their ids
 * says, which are sorted: it is read at once, as a kernel has to say its shape.
 */
const segments =
  (isMean: boolean): Mend =>
  ({ data, indices, segmentIds }, _attrs, run, backend) => {
    const ids = backend.readSync(segmentIds.dataId) as Int32Array;
    const numSegments = ids[ids.length - 1] + 1;
    if (numSegments <= 0) return null;
    const x = run('GatherV2', { x: data, indices }, { axis: 0, batchDims: 0 });
    const sums = run('UnsortedSegmentSum', { x, segmentIds }, { numSegments });
    if (!isMean) return sums;
    const sizes = new Float32Array(numSegments);
    for (const id of ids) sizes[id]++;
    const shape = [numSegments, ...data.shape.slice(1).fill(1)];
    const b = backend.makeTensorInfo(
      shape,
      'float32',
      sizes.map((size) => Math.max(size, 1)),
    );
    const means = run('RealDiv', { a: sums, b });
    backend.disposeData(b.dataId);
    return means;
  };

const MENDED: Readonly<Record<string, Mend>> = {
  ScatterNd: scattering('ScatterNd', ['updates']),
  SparseSegmentMean: segments(true),
  SparseSegmentSum: segments(false),
  SparseToDense: scattering('SparseToDense', ['sparseValues', 'defaultValue']),
  TensorScatterUpdate: scattering('TensorScatterUpdate', ['tensor', 'updates']),
  /** The one transformation, once for each image. */
  Transform({ image, transforms }, attrs, run) {
    const each = run('Tile', { x: transforms }, { reps: [image.shape[0], 1] });
    return run('Transform', { image, transforms: each }, attrs);
  },
  /** With one segment more, for what belongs to none. Stock takes integers for floats, or the other way round. */
  UnsortedSegmentSum({ x, segmentIds }, { numSegments }, run) {
    if (x.dtype !== 'float32') return null;
    const most = numSegments as number;
    const range = { clipValueMin: -1, clipValueMax: most };
    const ids = run('ClipByValue', { x: segmentIds }, range);
    const sums = run('UnsortedSegmentSum', { x, segmentIds: ids }, { numSegments: most + 1 });
    const size = [most, ...sums.shape.slice(1)];
    return run('Slice', { x: sums }, { begin: size.map(() => 0), size });
  },
};

/** Answers a call that `stock`, the kernel of that name, would get wrong; null where only `cpu` can. */
export function runMended(
  kernelName: string,
  stock: KernelFunc,
  { inputs, attrs = {}, backend }: KernelCall,
): TensorInfo | null {
  if (!Object.hasOwn(MENDED, kernelName)) return null;
  const made: TensorInfo[] = [];
  const run: RunKernel = (name, operands, attributes = {}) => {
    const kernelFunc = name === kernelName ? stock : getKernel(name, getBackend()).kernelFunc;
    const info = kernelFunc({ inputs: operands, attrs: attributes, backend }) as TensorInfo;
    made.push(info);
    return info;
  };
  const given = inputs as Record<string, TensorInfo>;
  const result = MENDED[kernelName](given, attrs, run, backend as WebGPUBackend);
  for (const info of made) {
    if (info !== result) (backend as WebGPUBackend).disposeData(info.dataId);
  }
  return result;
}
