/** A model of either kind that runs alike, wherever it was read from: in Node and in pages. */
import { loadGraphModel, type GraphModel } from '@tensorflow/tfjs-converter';
import type { io, NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import type { ModelEntry } from './types';

/** What has to be known of a model to run it. */
export type RunnableEntry = Pick<ModelEntry, 'format' | 'inputs' | 'execute'>;

/** A loaded model that takes named inputs and gives a list of outputs, always in one order. */
export interface RunnableModel<E extends RunnableEntry = ModelEntry> {
  entry: E;
  /** The graph model itself; absent for a layers model. */
  graph?: GraphModel;
  outputNames: string[];
  /** Runs the model; the caller disposes of the outputs. */
  run(inputs: NamedTensorMap): Tensor[] | Promise<Tensor[]>;
  dispose(): void;
}

/** Loads a model on the active backend. */
export async function loadRunnable<E extends RunnableEntry>(
  entry: E,
  handler: io.IOHandler,
): Promise<RunnableModel<E>> {
  return entry.format === 'graph' ? loadGraph(entry, handler) : loadLayers(entry, handler);
}

async function loadGraph<E extends RunnableEntry>(
  entry: E,
  handler: io.IOHandler,
): Promise<RunnableModel<E>> {
  const graph = await loadGraphModel(handler);
  const run = (inputs: NamedTensorMap): Tensor[] | Promise<Tensor[]> =>
    entry.execute === 'async'
      ? graph.executeAsync(inputs).then(asList)
      : asList(graph.predict(inputs) as Tensor | Tensor[]);
  const outputNames = graph.outputs.map((output) => output.name);
  return { entry, graph, outputNames, run, dispose: () => graph.dispose() };
}

async function loadLayers<E extends RunnableEntry>(
  entry: E,
  handler: io.IOHandler,
): Promise<RunnableModel<E>> {
  const layers = await loadLayersModel(handler);
  const run = (inputs: NamedTensorMap): Tensor[] =>
    asList(layers.predict(entry.inputs.map(({ name }) => inputs[name])));
  return { entry, outputNames: layers.outputNames, run, dispose: () => layers.dispose() };
}

const asList = (outputs: Tensor | Tensor[]): Tensor[] =>
  Array.isArray(outputs) ? outputs : [outputs];
