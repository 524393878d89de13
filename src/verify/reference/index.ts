/**
 * The reference: computes graphs of primitives on the host, in doubles. It shares with the shaders the
 * arithmetic of scalar ops, in JavaScript, and nothing else: no index map, no loop, no rule.
 */
import { scalarOp } from '../../ir/expression';
import type { Graph, Node, Value } from '../../ir/graph';
import { attentions } from './attention';
import { elementwise } from './elementwise';
import type { Doubles, PrimitiveEvaluator } from './evaluator';
import { movements } from './movement';
import { DOUBLE, type Precision } from './precision';
import { products } from './product';
import { reductions } from './reduction';
import { windows } from './window';

export type { Doubles } from './evaluator';
export { CANCELLING, DOUBLE, single, uniform, type Precision } from './precision';

const evaluators: Readonly<Record<string, PrimitiveEvaluator>> = {
  ...movements,
  ...reductions,
  ...windows,
  ...products,
  ...attentions,
};

function evaluatorOf(node: Node): PrimitiveEvaluator {
  const op = scalarOp(node.kernel);
  const evaluate = op ? elementwise(op) : evaluators[node.kernel];
  if (evaluate) return evaluate;
  throw new Error(`[webgpu-fused] verify: got kernel ${node.kernel}; needs one with a reference.`);
}

/** Whether every kernel of a graph has a reference. */
export function hasReference(kernel: string): boolean {
  return kernel in evaluators || scalarOp(kernel) !== undefined;
}

/** Milliseconds after which a long evaluation lets others have their turn. */
const MAX_TASK_MS = 50;

/**
 * Computes values of a graph from values that are known.
 *
 * @param known elements by value; what is computed on the way is added.
 */
export async function evaluateValues(
  wanted: readonly Value[],
  known: Map<Value, Doubles>,
  precision: Precision = DOUBLE,
): Promise<Doubles[]> {
  let start = performance.now();
  const stack = [...wanted];
  for (let value = stack.at(-1); value; value = stack.at(-1)) {
    const missing = known.has(value) ? [] : inputsOf(value).filter((input) => !known.has(input));
    if (missing.length > 0) {
      stack.push(...missing);
      continue;
    }
    stack.pop();
    if (known.has(value)) continue;
    compute(value, known, precision);
    if (performance.now() - start < MAX_TASK_MS) continue;
    await new Promise((resolve) => setTimeout(resolve, 0));
    start = performance.now();
  }
  return wanted.map((value) => known.get(value) as Doubles);
}

function inputsOf({ producer }: Value): readonly Value[] {
  return producer?.inputs ?? [];
}

function compute(value: Value, known: Map<Value, Doubles>, precision: Precision): void {
  const { producer, constant } = value;
  if (!producer) {
    if (!constant?.host) {
      throw new Error(
        `[webgpu-fused] verify: got value ${value.name} without elements; needs them.`,
      );
    }
    known.set(value, Float64Array.from(constant.host));
    return;
  }
  const operands = producer.inputs.map((input) => known.get(input) as Doubles);
  const results = evaluatorOf(producer)(producer, operands, precision);
  const list = results instanceof Float64Array ? [results] : results;
  producer.outputs.forEach((output, i) => known.set(output, list[i]));
}

/** Computes a graph's outputs. */
export function evaluateGraph(
  graph: Graph,
  known: ReadonlyMap<Value, Doubles>,
  precision?: Precision,
): Promise<Doubles[]> {
  return evaluateValues(graph.outputs, new Map(known), precision);
}
