/** Weights of a model as constants of its graphs. */
import { io, type DataId, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf, type ConstantData, type DType, type HostData } from '../ir/graph';
import type { Feed } from './import/import-region';
import type { ModelInternals } from './model-internals';

/** Weights of at most this many elements are looked up on the host whatever it takes. */
const SMALL = 4096;

/** dtypes of tfjs that the IR has. */
export function irType(dtype: string): DType | undefined {
  return dtype === 'float32' || dtype === 'int32' || dtype === 'bool' ? dtype : undefined;
}

/**
 * Weights of a model as constants. Small ones keep a copy of their elements, because shapes and
 * scalars are worth knowing while compiling, and tfjs forgets what it uploads to a GPU.
 */
export class Weights {
  private readonly feeds = new Map<string, Feed | undefined>();
  /** What the feeds were made of. */
  private readonly used: { name: string; tensor: Tensor; dataId: DataId }[] = [];
  private readonly model: ModelInternals;
  private readonly hostValues: (tensor: TensorInfo) => HostData | undefined;

  constructor(
    model: ModelInternals,
    hostValues: (tensor: TensorInfo) => HostData | undefined = () => undefined,
  ) {
    this.model = model;
    this.hostValues = hostValues;
  }

  /** The weight of a Const node; undefined if it is of a type the IR does not have. */
  feed(name: string): Feed | undefined {
    if (!this.feeds.has(name)) this.feeds.set(name, this.makeFeed(name));
    return this.feeds.get(name);
  }

  /** False once a weight that is in use was disposed of, assigned, or replaced by another. */
  get areCurrent(): boolean {
    const { weightMap } = this.model.executor;
    for (const { name, tensor, dataId } of this.used) {
      if (weightMap[name]?.[0] !== tensor || tensor.isDisposed || tensor.dataId !== dataId) {
        return false;
      }
    }
    return true;
  }

  private makeFeed(name: string): Feed | undefined {
    const tensor = this.model.executor.weightMap[name]?.[0];
    const dtype = tensor && irType(tensor.dtype);
    if (!dtype) return undefined;
    if (tensor.isDisposed) {
      throw new Error(
        `[webgpu-fused] execute: got weight ${name} that was disposed; needs it as long as the ` +
          'model is called. Load the model again.',
      );
    }
    this.used.push({ name, tensor, dataId: tensor.dataId });
    return { shape: tensor.shape, dtype, name, constant: this.dataOf(name, tensor) };
  }

  private dataOf(name: string, tensor: Tensor): ConstantData {
    const resident = this.hostValues(tensor);
    if (sizeOf(tensor.shape) > SMALL) return { handle: tensor, host: resident };
    return { handle: tensor, host: resident?.slice() ?? this.decode(name) };
  }

  /** Reads a weight from the artifacts that the model was loaded from, if it keeps them. */
  private decode(name: string): HostData | undefined {
    const { weightData, weightSpecs } = this.model.artifacts;
    if (!weightData || !weightSpecs) return undefined;
    let offset = 0;
    for (const spec of weightSpecs) {
      const bytes = byteLength(spec);
      if (bytes === undefined) return undefined;
      if (spec.name === name) {
        const data = io.CompositeArrayBuffer.join(weightData).slice(offset, offset + bytes);
        return decodeOne(spec, data);
      }
      offset += bytes;
    }
    return undefined;
  }
}

function decodeOne(spec: io.WeightsManifestEntry, data: ArrayBuffer): HostData {
  const tensor = io.decodeWeights(data, [spec])[spec.name];
  // A tensor just made has its elements on the host: this reads nothing back.
  const values = tensor.dataSync().slice();
  tensor.dispose();
  return values;
}

const ELEMENT_BYTES: Readonly<Record<string, number>> = {
  ...{ float32: 4, int32: 4, complex64: 8, bool: 1, uint8: 1, uint16: 2, float16: 2 },
};

/** Stored size of a weight; undefined for strings, whose size only their data tells. */
export function byteLength(spec: io.WeightsManifestEntry): number | undefined {
  const element = ELEMENT_BYTES[spec.quantization?.dtype ?? spec.dtype];
  return element === undefined ? undefined : element * sizeOf(spec.shape);
}
