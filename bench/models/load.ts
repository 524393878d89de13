/** Loads a model of the table on the active backend, and hides what kind of model it is. */
import { loadGraphModel, type GraphModel } from '@tensorflow/tfjs-converter';
import type { io, NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { readArtifacts } from './artifacts';
import type { ModelEntry } from './types';

/** A loaded model that takes named inputs and gives a list of outputs, always in one order. */
export interface RunnableModel {
  entry: ModelEntry;
  /** The graph model itself; absent for a layers model. */
  graph?: GraphModel;
  outputNames: string[];
  /** Runs the model; the caller disposes of the outputs. */
  run(inputs: NamedTensorMap): Tensor[] | Promise<Tensor[]>;
  dispose(): void;
}

/** Loads a model on the active backend. */
export async function loadModel(entry: ModelEntry): Promise<RunnableModel> {
  const handler = asHandler(await readArtifacts(entry));
  return entry.format === 'graph' ? loadGraph(entry, handler) : loadLayers(entry, handler);
}

const asHandler = (artifacts: io.ModelArtifacts): io.IOHandler => ({ load: async () => artifacts });

async function loadGraph(entry: ModelEntry, handler: io.IOHandler): Promise<RunnableModel> {
  const graph = await loadGraphModel(handler);
  const run = (inputs: NamedTensorMap): Tensor[] | Promise<Tensor[]> =>
    entry.execute === 'async'
      ? graph.executeAsync(inputs).then(asList)
      : asList(graph.predict(inputs) as Tensor | Tensor[]);
  const outputNames = graph.outputs.map((output) => output.name);
  return { entry, graph, outputNames, run, dispose: () => graph.dispose() };
}

async function loadLayers(entry: ModelEntry, handler: io.IOHandler): Promise<RunnableModel> {
  const layers = await loadLayersModel(handler);
  const run = (inputs: NamedTensorMap): Tensor[] =>
    asList(layers.predict(entry.inputs.map(({ name }) => inputs[name])));
  return { entry, outputNames: layers.outputNames, run, dispose: () => layers.dispose() };
}

const asList = (outputs: Tensor | Tensor[]): Tensor[] =>
  Array.isArray(outputs) ? outputs : [outputs];
