/** Executors of tfjs's own for rewritten graphs, made on a shadow of the model. */
import type { GraphModel } from '@tensorflow/tfjs-converter';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { GraphDef } from './graph-def';
import { deferKeptTensors } from './loop-lists';
import {
  internalsOf,
  type Executor,
  type ExecutorGraph,
  type ModelInternals,
} from './model-internals';

/** Makes an executor for another topology, with weights and resources of `model`. */
export function makeExecutor(
  prototype: GraphModel,
  model: ModelInternals,
  topology: GraphDef,
  weights: readonly string[],
): Executor {
  const hasFunctions = (topology.library?.function?.length ?? 0) > 0;
  const { weightMap } = model.executor;
  // Bodies of functions find their weights in the same map.
  const names = hasFunctions ? Object.keys(weightMap) : weights;
  const shadow = internalsOf(Object.create(prototype) as GraphModel);
  shadow.resourceManager = model.resourceManager;
  load(shadow, model, topology, Object.fromEntries(names.map((name) => [name, weightMap[name]])));
  adoptOps(shadow.executor.graph, model.executor.graph);
  deferKeptTensors(shadow.executor);
  waitWithoutWarning(shadow.executor);
  return shadow.executor;
}

/** Whether a call needs a promise, the model decided; what tfjs would warn of is missing in the shadow only. */
function waitWithoutWarning(executor: Executor): void {
  const run = executor.executeWithControlFlow;
  if (typeof run !== 'function') return;
  executor.executeWithControlFlow = (inputs, context, outputs) =>
    run.call(executor, inputs, context, outputs, true);
}

/** Loads a graph with weights that are tensors already. */
function load(
  shadow: ModelInternals,
  { io }: ModelInternals,
  modelTopology: GraphDef,
  weights: Record<string, Tensor[]>,
): void {
  if (shadow.loadWithWeightMap) {
    const first = Object.entries(weights).map(([name, [tensor]]) => [name, tensor] as const);
    shadow.loadWithWeightMap({ modelTopology }, Object.fromEntries(first));
    return;
  }
  // Before 4.14 tfjs only takes weights that it decodes itself: none here.
  shadow.io = io;
  shadow.loadSync({ modelTopology, weightData: new ArrayBuffer(0), weightSpecs: [] });
  Object.assign(shadow.executor, { weightMap: weights });
}

/**
 * tfjs decides when it loads a model whether an op is its own or one that the app registered; a
 * node must stay what it was then.
 */
function adoptOps(graph: ExecutorGraph, original: ExecutorGraph): void {
  for (const node of Object.values(graph.nodes)) {
    const known = original.nodes[node.name];
    if (known?.op !== node.op) continue;
    const { category, inputParams, attrParams, outputs } = known;
    Object.assign(node, { category, inputParams, attrParams, outputs });
  }
  for (const [name, body] of Object.entries(graph.functions ?? {})) {
    const known = original.functions?.[name];
    if (known) adoptOps(body, known);
  }
}
