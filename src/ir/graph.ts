/**
 * The intermediate representation: a graph of kernel invocations over values of known shape.
 *
 * Everything here is data. Nodes carry tfjs kernel names and attributes in the normal form that
 * `primitives.md` describes; nothing knows of a GPU or of the tfjs runtime.
 */

import type { Attrs } from './expression/scalar-op';

export type { Attrs };

import { refuse } from './infer/refused';

/** Element types the IR handles. tfjs keeps `bool` as 0/1 in 32 bits on WebGPU. */
export type DType = 'float32' | 'int32' | 'bool';

/** Whether elements are integers, which are the same wherever they are computed; truth values are integers. */
export function isIntegral({ dtype }: { readonly dtype?: string }): boolean {
  return dtype === 'int32' || dtype === 'bool';
}

export type Shape = readonly number[];

/** Values of a constant, where the host knows them. */
export type HostData = Float32Array | Int32Array | Uint8Array;

/** Bounds of the magnitudes of a value's elements; `most` is infinite where one is NaN or infinite. */
export interface Magnitudes {
  readonly least: number;
  readonly most: number;
}

/** What stands behind a constant: values on the host, an opaque device handle, or both. */
export interface ConstantData {
  readonly host?: HostData;
  /** Owned by whoever built the graph; the IR only passes it on (a tfjs tensor, say). */
  readonly handle?: unknown;
  /** Where the elements themselves are not on the host, what is known of their magnitudes. */
  readonly magnitudes?: Magnitudes;
}

/** An SSA value: one output of a node, a graph input, or a constant. */
export interface Value {
  readonly id: number;
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  /** An input that comes as a texture: see `frame.ts`. */
  readonly isFrame?: boolean;
  /** Absent for graph inputs and constants. */
  producer?: Node;
  /** Present for constants only. */
  readonly constant?: ConstantData;
}

/** One kernel invocation. */
export interface Node {
  readonly id: number;
  readonly kernel: string;
  readonly attrs: Attrs;
  inputs: Value[];
  readonly outputs: Value[];
  /** Names of the model's own nodes that this one came from; what the report speaks of. */
  readonly origins: readonly string[];
}

/** Description of a value a node is to produce. */
export interface ValueSpec {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly name?: string;
  readonly isFrame?: boolean;
}

/** A mutable graph under construction or rewriting; `nodes` is kept in topological order. */
export class Graph {
  readonly inputs: Value[] = [];
  readonly constants: Value[] = [];
  nodes: Node[] = [];
  outputs: Value[] = [];
  private nextId = 0;

  /** Adds a graph input. */
  input(spec: ValueSpec): Value {
    const value = this.makeValue(spec);
    this.inputs.push(value);
    return value;
  }

  /** Adds a constant. `data.host`, when given, holds `sizeOf(shape)` elements in row-major order. */
  constant(spec: ValueSpec, data: ConstantData): Value {
    const value: Value = { ...this.makeValue(spec), constant: data };
    this.constants.push(value);
    return value;
  }

  /** Appends a node; its inputs must exist already. Returns the node, outputs made from `specs`. */
  node(
    kernel: string,
    inputs: readonly Value[],
    attrs: Attrs,
    specs: readonly ValueSpec[],
    origins: readonly string[] = [],
  ): Node {
    const id = this.nextId++;
    const node: Node = {
      id,
      kernel,
      attrs,
      inputs: [...inputs],
      outputs: specs.map((spec) => this.makeValue(spec)),
      origins,
    };
    for (const value of node.outputs) value.producer = node;
    this.nodes.push(node);
    return node;
  }

  /** @throws RefusedError for a dimension that is none: whoever divides or subtracts need not ask. */
  private makeValue(spec: ValueSpec): Value {
    for (const dim of spec.shape) {
      if (!Number.isSafeInteger(dim) || dim < 0)
        refuse(`a value of shape [${spec.shape}] cannot be`);
    }
    const id = this.nextId++;
    const { name = `%${id}`, shape, dtype, isFrame } = spec;
    return { id, name, shape: [...shape], dtype, isFrame };
  }
}

/** A graph of the same nodes and values, under the same names; constants share their elements. */
export function copyGraph(graph: Graph): Graph {
  const copy = new Graph();
  const copies = new Map<Value, Value>();
  const copyOf = (value: Value): Value => {
    let made = copies.get(value);
    if (!made) {
      // What is neither computed nor an input, and a constant of the graph or of its builder.
      made = copy.constant(value, value.constant ?? {});
      copies.set(value, made);
    }
    return made;
  };
  for (const value of graph.inputs) copies.set(value, copy.input(value));
  for (const node of graph.nodes) {
    const inputs = node.inputs.map(copyOf);
    const { outputs } = copy.node(node.kernel, inputs, node.attrs, node.outputs, node.origins);
    node.outputs.forEach((value, i) => copies.set(value, outputs[i]));
  }
  copy.outputs = graph.outputs.map(copyOf);
  return copy;
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const dim of shape) size *= dim;
  return size;
}

/** Row-major strides, in elements, of a shape of any rank. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/** Nodes that read each value, in graph order; a node that reads a value twice is listed once. */
export function usesOf(graph: Graph): Map<Value, Node[]> {
  const uses = new Map<Value, Node[]>();
  for (const node of graph.nodes) {
    for (const value of new Set(node.inputs)) {
      const list = uses.get(value);
      if (list) list.push(node);
      else uses.set(value, [node]);
    }
  }
  return uses;
}

/** Orders `nodes` so that producers precede consumers; stable for equal depth. Throws on a cycle. */
export function sortTopologically(nodes: readonly Node[]): Node[] {
  const state = new Map<Node, 'open' | 'done'>();
  const inside = new Set(nodes);
  const sorted: Node[] = [];
  for (const root of nodes) {
    const stack: Node[] = [root];
    while (stack.length > 0) {
      const node = stack[stack.length - 1];
      const seen = state.get(node);
      if (seen === undefined) {
        state.set(node, 'open');
        for (let i = node.inputs.length - 1; i >= 0; i--) {
          const producer = node.inputs[i].producer;
          if (!producer || !inside.has(producer)) continue;
          const producerState = state.get(producer);
          if (producerState === 'open') {
            throw new Error(
              `[webgpu-fused] graph has a cycle through ${producer.kernel} #${producer.id}.`,
            );
          }
          if (producerState === undefined) stack.push(producer);
        }
      } else {
        stack.pop();
        if (seen === 'open') {
          state.set(node, 'done');
          sorted.push(node);
        }
      }
    }
  }
  return sorted;
}

/** Drops nodes whose outputs nothing needs. */
export function removeDeadNodes(graph: Graph): void {
  const live = new Set<Value>(graph.outputs);
  const kept: Node[] = [];
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i];
    if (!node.outputs.some((value) => live.has(value))) continue;
    for (const value of node.inputs) live.add(value);
    kept.push(node);
  }
  graph.nodes = kept.reverse();
}
