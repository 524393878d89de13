/** One node of a graph as a graph of its own, to compile it by itself. */
import { GraphBuilder } from '../ir/builder';
import { sizeOf, type Graph, type Node, type Value } from '../ir/graph';

/**
 * A graph that computes what `node` does of inputs of the same shapes. Numbers that the host knows stay
 * constants, because shaders depend on them. A sum that was divided into parts is whole again: how to
 * divide it is a choice of whoever compiles the graph.
 * @throws RefusedError if there is none, as of a node with several outputs
 */
export function isolate(node: Node): Graph {
  const b = new GraphBuilder();
  const copies = new Map<Value, Value>();
  const copy = (value: Value): Value => {
    const { shape, dtype, constant } = value;
    const host = sizeOf(shape) === 1 ? constant?.host : undefined;
    return host ? b.constant({ shape, dtype }, { host }) : b.input({ shape, dtype });
  };
  for (const value of node.inputs) copies.set(value, copies.get(value) ?? copy(value));
  const inputs = node.inputs.map((value) => copies.get(value) as Value);
  const { parts, ...attrs } = node.attrs;
  const shape = parts === undefined ? node.outputs[0].shape : undefined;
  b.graph.outputs = [b.op(node.kernel, inputs, attrs, [], shape)];
  return b.graph;
}
