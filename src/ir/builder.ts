/** How graphs are built: with shapes inferred, small constants computed, and nothing that changes nothing. */
import {
  Graph,
  sizeOf,
  type Attrs,
  type ConstantData,
  type DType,
  type HostData,
  type Shape,
  type Value,
  type ValueSpec,
} from './graph';
import { evaluateOnHost, hostData } from './host-evaluate';
import { inferOutput, inferOutputs } from './infer';
import { refuse } from './infer/refused';
import { formatShape } from './infer/shape';
import { simplify } from './infer/simplify';

/** Values of at most this many elements are computed on the host when their inputs are known. */
const MAX_FOLDED_OUTPUT = 4096;
const MAX_FOLDED_INPUTS = 65536;

/**
 * Builds a {@link Graph} of primitives: infers shapes and dtypes, computes small constants on the
 * host, and leaves out invocations that change nothing. All methods throw `RefusedError` where the
 * IR has no form for what is asked.
 */
export class GraphBuilder {
  /** Model nodes that invocations are attributed to, where a call names none. */
  origins: readonly string[] = [];
  private readonly scalars = new Map<string, Value>();

  /** @param graph the graph to add to; a new one, as a rule. */
  constructor(readonly graph: Graph = new Graph()) {}

  /** Adds a graph input; a WebGPU buffer cannot be empty, so neither can an input. */
  input(spec: ValueSpec): Value {
    if (sizeOf(spec.shape) === 0) refuse(`input ${formatShape(spec.shape)} has no elements`);
    return this.graph.input(spec);
  }

  /**
   * Adds a constant. The elements behind `data.handle` are those of `spec.shape` in row-major
   * order; the handle's own shape may be another one of the same size.
   */
  constant(spec: ValueSpec, data: ConstantData): Value {
    return this.graph.constant(spec, data);
  }

  /** A rank-0 constant; equal scalars are one value. */
  scalar(value: number, dtype: DType = 'float32'): Value {
    // Map keys treat 0 and -0 as equal, and so would a template string.
    const key = `${dtype} ${Object.is(value, -0) ? '-0' : value}`;
    let scalar = this.scalars.get(key);
    if (!scalar) {
      scalar = this.constant({ shape: [], dtype }, { host: hostData(dtype, [value]) });
      this.scalars.set(key, scalar);
    }
    return scalar;
  }

  /** A constant of known elements. */
  hostConstant(shape: Shape, dtype: DType, values: ArrayLike<number>): Value {
    return this.constant({ shape, dtype }, { host: hostData(dtype, values) });
  }

  /**
   * Adds an invocation of a primitive.
   *
   * @param shape output shape, for the kernels that leave it open (see `inferOutput`).
   * @returns its output: a constant if it could be computed here, an input if it changes nothing.
   */
  op(
    kernel: string,
    inputs: readonly Value[],
    attrs: Attrs = {},
    origins: readonly string[] = this.origins,
    shape?: Shape,
  ): Value {
    const spec = inferOutput(kernel, inputs, attrs, shape);
    const simpler = simplify(kernel, inputs, attrs, spec);
    if (simpler) {
      return 'value' in simpler
        ? simpler.value
        : this.op(simpler.kernel, simpler.inputs, simpler.attrs ?? {}, origins, simpler.shape);
    }
    const folded = this.fold(kernel, inputs, attrs, spec);
    if (folded) return folded;
    if (sizeOf(spec.shape) === 0) refuse(`a value of shape ${formatShape(spec.shape)} is empty`);
    return this.graph.node(kernel, inputs, attrs, [spec], origins).outputs[0];
  }

  /** Adds an invocation of a primitive that has several outputs. */
  ops(kernel: string, inputs: readonly Value[], attrs: Attrs = {}): readonly Value[] {
    const specs = inferOutputs(kernel, inputs, attrs);
    return this.graph.node(kernel, inputs, attrs, specs, this.origins).outputs;
  }

  reshape(x: Value, shape: Shape): Value {
    return this.op('Reshape', [x], {}, this.origins, shape);
  }

  transpose(x: Value, perm: readonly number[]): Value {
    return this.op('Transpose', [x], { perm: [...perm] });
  }

  /** Elements `begin + i * strides`, `size` of them along each axis. */
  slice(x: Value, begin: readonly number[], size: Shape, strides?: readonly number[]): Value {
    const attrs = { begin: [...begin], strides: [...(strides ?? begin.map(() => 1))] };
    return this.op('Slice', [x], attrs, this.origins, size);
  }

  /** Stretches dimensions of 1, after adding leading ones. */
  broadcastTo(x: Value, shape: Shape): Value {
    const missing = Math.max(0, shape.length - x.shape.length);
    const aligned = this.reshape(x, [...new Array<number>(missing).fill(1), ...x.shape]);
    return this.op('BroadcastTo', [aligned], {}, this.origins, shape);
  }

  cast(x: Value, dtype: DType): Value {
    return x.dtype === dtype ? x : this.op('Cast', [x], { dtype });
  }

  /** Elements of a value that are known on the host. */
  hostValues(value: Value): HostData | undefined {
    return value.constant?.host;
  }

  private fold(
    kernel: string,
    inputs: readonly Value[],
    attrs: Attrs,
    spec: ValueSpec,
  ): Value | undefined {
    // The same elements under another shape: no need to know them.
    if (kernel === 'Reshape' && inputs[0].constant) {
      return this.constant(spec, inputs[0].constant);
    }
    if (sizeOf(spec.shape) > MAX_FOLDED_OUTPUT) return undefined;
    let elements = 0;
    const known = [];
    for (const { shape, dtype, constant } of inputs) {
      if (!constant?.host) return undefined;
      elements += constant.host.length;
      known.push({ shape, dtype, data: constant.host });
    }
    if (elements > MAX_FOLDED_INPUTS) return undefined;
    const host = evaluateOnHost(kernel, known, attrs, spec);
    return host && this.constant(spec, { host });
  }
}
