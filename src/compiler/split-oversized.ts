/**
 * Computes in parts what no buffer of the device can hold. Where the result of a kernel is too large to be
 * bound, those that read it and have small results are computed of one part of it after the other, and so is
 * everything in between; the parts of the result are put together. Pure.
 */
import { byteSize } from '../fused-kernels/wgsl/kernel-writer';
import { GraphBuilder } from '../ir/builder';
import { removeDeadNodes, sortTopologically, type Graph, type Node, type Value } from '../ir/graph';
import { partOperands, type Part } from './part-of';

/** Numbers of parts that are tried, from the least on. */
const MAX_ATTEMPTS = 32;
/** Parts along an axis begin at a multiple of this where there are enough elements: vectors stay vectors. */
const GRAIN = 4;

/**
 * @param isStored whether the results of a kernel have to be in memory.
 * @param maxBytes of one value.
 * @returns whether anything was changed.
 */
export function splitOversized(
  graph: Graph,
  isStored: (node: Node) => boolean,
  maxBytes: number,
): boolean {
  if (graph.nodes.every(({ outputs }) => outputs.every((value) => byteSize(value) <= maxBytes))) {
    return false;
  }
  return new Splitter(graph, isStored, maxBytes).run();
}

class Splitter {
  private readonly builder: GraphBuilder;
  private readonly oversized = new Map<Value, boolean>();
  private readonly made = new Map<string, Value>();

  constructor(
    private readonly graph: Graph,
    private readonly isStored: (node: Node) => boolean,
    private readonly maxBytes: number,
  ) {
    this.builder = new GraphBuilder(graph);
  }

  run(): boolean {
    const { graph } = this;
    let changed = false;
    for (const node of [...graph.nodes]) {
      if (node.outputs.length > 1 || this.isTooLarge(node.outputs[0])) continue;
      if (!node.inputs.some((value) => this.mustSplit(value))) continue;
      const whole = this.inParts(node);
      if (!whole) continue;
      replace(graph, node.outputs[0], whole);
      changed = true;
    }
    if (changed) {
      graph.nodes = sortTopologically(graph.nodes);
      removeDeadNodes(graph);
    }
    return changed;
  }

  private isTooLarge(value: Value): boolean {
    return byteSize(value) > this.maxBytes;
  }

  /** Whether a value is too large, and cannot be computed where it is read either. */
  private mustSplit(value: Value): boolean {
    const known = this.oversized.get(value);
    if (known !== undefined) return known;
    const { producer } = value;
    const must =
      producer !== undefined &&
      this.isTooLarge(value) &&
      (this.isStored(producer) || producer.inputs.some((input) => this.mustSplit(input)));
    this.oversized.set(value, must);
    return must;
  }

  /** The result of `node`, put together of parts along one of its axes; undefined if there is none. */
  private inParts(node: Node): Value | undefined {
    const [{ shape }] = node.outputs;
    const axes = shape.map((_, axis) => axis).sort((a, b) => shape[b] - shape[a]);
    const least = Math.ceil(this.largestBehind(node) / this.maxBytes);
    for (const axis of axes) {
      for (let count = least; count < least + MAX_ATTEMPTS && count <= shape[axis]; count++) {
        const size = this.sizeOfParts(shape[axis], count);
        const parts = this.partsOf(node, axis, size);
        if (!parts) continue;
        this.builder.origins = node.origins;
        return parts.length === 1 ? undefined : this.builder.op('Concat', parts, { axis });
      }
    }
    return undefined;
  }

  private sizeOfParts(length: number, count: number): number {
    const size = Math.ceil(length / count);
    const rounded = Math.ceil(size / GRAIN) * GRAIN;
    return rounded < length && size > GRAIN ? Math.max(GRAIN, rounded) : size;
  }

  /** Bytes of the largest value that has to be in parts for `node` to be. */
  private largestBehind(node: Node): number {
    let largest = 0;
    const seen = new Set<Value>();
    const stack = [...node.inputs];
    for (let value = stack.pop(); value; value = stack.pop()) {
      if (seen.has(value) || !this.mustSplit(value)) continue;
      seen.add(value);
      largest = Math.max(largest, byteSize(value));
      stack.push(...(value.producer?.inputs ?? []));
    }
    return largest;
  }

  private partsOf(node: Node, axis: number, size: number): Value[] | undefined {
    const length = node.outputs[0].shape[axis];
    const parts: Value[] = [];
    for (let begin = 0; begin < length; begin += size) {
      const part = { axis, begin, size: Math.min(size, length - begin) };
      const value = this.compute(node, part);
      if (!value) return undefined;
      parts.push(value);
    }
    return parts;
  }

  /** A part of the result of `node`, of parts of what it reads. */
  private compute(node: Node, part: Part): Value | undefined {
    const [whole] = node.outputs;
    const key = `${whole.id} ${part.axis} ${part.begin} ${part.size}`;
    const known = this.made.get(key);
    if (known) return known;
    const operands = partOperands(node, part);
    if (!operands) return undefined;
    const inputs: Value[] = [];
    for (const [at, input] of node.inputs.entries()) {
      const wanted = operands.inputs[at];
      const value = this.operand(input, wanted, node);
      if (!value) return undefined;
      inputs.push(value);
    }
    const shape = whole.shape.map((dim, axis) => (axis === part.axis ? part.size : dim));
    const spec = { shape, dtype: whole.dtype };
    if (this.isTooLarge({ ...whole, shape })) return undefined;
    const { attrs = node.attrs } = operands;
    const [value] = this.graph.node(node.kernel, inputs, attrs, [spec], node.origins).outputs;
    this.made.set(key, value);
    return value;
  }

  private operand(input: Value, wanted: Part | 'all', { origins }: Node): Value | undefined {
    const must = this.mustSplit(input);
    if (wanted === 'all') return must ? undefined : input;
    if (must) return this.compute(input.producer as Node, wanted);
    this.builder.origins = origins;
    const { axis, begin, size } = wanted;
    return this.builder.slice(
      input,
      input.shape.map((_, at) => (at === axis ? begin : 0)),
      input.shape.map((dim, at) => (at === axis ? size : dim)),
    );
  }
}

function replace(graph: Graph, old: Value, replacement: Value): void {
  for (const node of graph.nodes) {
    if (node.outputs[0] === replacement) continue;
    node.inputs = node.inputs.map((value) => (value === old ? replacement : value));
  }
  graph.outputs = graph.outputs.map((value) => (value === old ? replacement : value));
}
