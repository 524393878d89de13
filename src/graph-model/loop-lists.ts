/**
 * Loops that keep tensors in lists. When the body of a loop ends, tfjs-converter 4 disposes of
 * whatever it made and does not return, and so of the elements that it wrote to a `TensorList`,
 * although they are marked as kept: the next iteration, or whoever stacks the list, finds tensors
 * without data, on every backend. (tfjs-converter 3 passed kept tensors by.)
 *
 * In executors of our own, such tensors live until the model's call ends. Then all go that tfjs
 * would have disposed of.
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Executor, TensorsByNode } from './model-internals';

/** Under no node's name: what tfjs is to dispose of when a call ends. */
const DISPOSABLE = ' disposable';

/** Lets tensors that functions of the model keep live as long as the call of the model. */
export function deferKeptTensors(executor: Executor): void {
  const functions = Object.values(executor.functionExecutorMap ?? {});
  // All that runs in one call of the model, and nothing else, shares a map of lists.
  const deferred = new WeakMap<object, Set<Tensor>>();
  for (const body of functions) {
    afterNodes(body, (tensors, call) => {
      const kept = deferred.get(call) ?? new Set();
      deferred.set(call, kept);
      const disposable: Tensor[] = [];
      for (const tensor of Object.values(tensors).flat()) {
        if (tensor?.kept) kept.add(tensor);
        else if (tensor) disposable.push(tensor);
      }
      // tfjs finds outputs by name, and disposes of own properties.
      return Object.assign(Object.create(tensors) as TensorsByNode, { [DISPOSABLE]: disposable });
    });
  }
  if (functions.length === 0) return;
  afterNodes(executor, (tensors, call) => ({
    ...tensors,
    [DISPOSABLE]: [...(deferred.get(call) ?? [])],
  }));
}

/** Changes what an executor holds once its nodes have run, before it disposes of it. */
function afterNodes(
  executor: Executor,
  change: (tensors: TensorsByNode, call: object) => TensorsByNode,
): void {
  const run = executor.executeWithControlFlow;
  if (typeof run !== 'function') return;
  executor.executeWithControlFlow = async (inputs, context, ...rest) =>
    change(await run.call(executor, inputs, context, ...rest), context.tensorListMap);
}
