/** Graphs of primitives as JSON, with what they are fed: what a reproduction is made of. */
import { isExpr, scalarOp } from '../ir/expression';
import {
  Graph,
  type Attrs,
  type ConstantData,
  type DType,
  type Shape,
  type Value,
} from '../ir/graph';
import type { Doubles } from './reference';

interface StoredValue {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Elements of an input or a constant: words of 32 bits in base64, little-endian. */
  readonly data?: string;
}

interface StoredNode {
  readonly kernel: string;
  readonly attrs: unknown;
  readonly inputs: readonly string[];
  readonly outputs: readonly StoredValue[];
  readonly origins: readonly string[];
}

/** A graph of primitives and its inputs' elements, in a form that survives `JSON`. */
export interface GraphJson {
  readonly inputs: readonly StoredValue[];
  readonly constants: readonly StoredValue[];
  readonly nodes: readonly StoredNode[];
  readonly outputs: readonly string[];
}

export function toBase64(words: Uint32Array): string {
  const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  let text = '';
  for (let i = 0; i < bytes.length; i += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  }
  return btoa(text);
}

export function fromBase64(text: string): Uint32Array<ArrayBuffer> {
  return new Uint32Array(Uint8Array.from(atob(text), (char) => char.charCodeAt(0)).buffer);
}

/** The words of elements: float32, or int32 for the other dtypes. */
function encode(elements: ArrayLike<number>, dtype: DType): string {
  const typed = dtype === 'float32' ? Float32Array.from(elements) : Int32Array.from(elements);
  return toBase64(new Uint32Array(typed.buffer));
}

function decode(data: string, dtype: DType): Float32Array | Int32Array {
  const { buffer } = fromBase64(data);
  return dtype === 'float32' ? new Float32Array(buffer) : new Int32Array(buffer);
}

/** Numbers that JSON has no form for, and ops by name. */
function storeAttr(value: unknown): unknown {
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) {
    return { number: Object.is(value, -0) ? '-0' : String(value) };
  }
  if (isExpr(value) && value.kind === 'apply') {
    return { ...value, op: value.op.kernel, args: value.args.map(storeAttr) };
  }
  if (Array.isArray(value)) return value.map(storeAttr);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, storeAttr(one)]));
}

function loadAttr(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(loadAttr);
  if (typeof value !== 'object' || value === null) return value;
  if ('number' in value && Object.keys(value).length === 1) return Number(value.number);
  const loaded = Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, loadAttr(one)]),
  );
  if (loaded.kind !== 'apply') return loaded;
  return { ...loaded, op: scalarOp(loaded.op as string) };
}

/**
 * @param inputs elements of the graph's inputs.
 * @param constants those that the host does not know.
 */
export function storeGraph(
  graph: Graph,
  inputs: readonly Doubles[],
  constants: ReadonlyMap<ConstantData, Doubles>,
): GraphJson {
  const names = new Map<Value, string>();
  const describe = (value: Value, elements?: ArrayLike<number>): StoredValue => {
    const name = `v${names.size}`;
    names.set(value, name);
    const { shape, dtype } = value;
    return { name, shape, dtype, ...(elements && { data: encode(elements, dtype) }) };
  };
  const stored = graph.inputs.map((value, i) => describe(value, inputs[i]));
  const values: StoredValue[] = [];
  const nameOf = (value: Value): string => {
    const known = names.get(value);
    if (known !== undefined) return known;
    const data = value.constant as ConstantData;
    values.push(describe(value, data.host ?? constants.get(data)));
    return names.get(value) as string;
  };
  const nodes = graph.nodes.map(
    ({ kernel, attrs, inputs: operands, outputs, origins }): StoredNode => ({
      kernel,
      attrs: storeAttr(attrs),
      inputs: operands.map(nameOf),
      outputs: outputs.map((value) => describe(value)),
      origins,
    }),
  );
  return { inputs: stored, constants: values, nodes, outputs: graph.outputs.map(nameOf) };
}

/** The graph that {@link storeGraph} stored, and the elements of its inputs. */
export function loadGraph(json: GraphJson): { graph: Graph; inputs: Doubles[] } {
  const graph = new Graph();
  const values = new Map<string, Value>();
  for (const spec of json.inputs) values.set(spec.name, graph.input(spec));
  for (const { data = '', ...spec } of json.constants) {
    values.set(spec.name, graph.constant(spec, { host: decode(data, spec.dtype) }));
  }
  for (const { kernel, attrs, inputs, outputs, origins } of json.nodes) {
    const operands = inputs.map((name) => values.get(name) as Value);
    const node = graph.node(kernel, operands, loadAttr(attrs) as Attrs, outputs, origins);
    outputs.forEach(({ name }, i) => values.set(name, node.outputs[i]));
  }
  graph.outputs = json.outputs.map((name) => values.get(name) as Value);
  const inputs = json.inputs.map(({ data = '', dtype }) => Float64Array.from(decode(data, dtype)));
  return { graph, inputs };
}
