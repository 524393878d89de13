/** A model on the active backend, whatever kind it is of: named inputs in, a list of outputs out. */
import { loadGraphModel, type GraphModel } from '@tensorflow/tfjs-converter';
import {
  tensor,
  util,
  type DataType,
  type io,
  type NamedTensorMap,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { uniform } from '../verify/reference';
import { CliError, messageOf } from './cli-error';
import type { ModelFiles } from './model-files';

/** Shapes of inputs by name, as `--input` gives them. */
export type InputShapes = Readonly<Record<string, readonly number[]>>;

export interface ModelInput {
  readonly name: string;
  /** -1 where the model leaves a dimension open; undefined where it says nothing. */
  readonly shape: readonly number[] | undefined;
  readonly dtype: DataType;
}

export interface LoadedModel {
  readonly inputs: readonly ModelInput[];
  readonly outputNames: readonly string[];
  /** The graph model; absent for a layers model. */
  readonly graph?: GraphModel;
  /** The layers model; absent for a graph model. */
  readonly layers?: LayersModel;
  /** Runs the model; the caller disposes of the outputs. */
  run(inputs: NamedTensorMap): Tensor[] | Promise<Tensor[]>;
  dispose(): void;
}

/** A layers model, as far as it matters here. */
export interface LayersModel {
  readonly inputs: readonly {
    readonly name: string;
    readonly shape: readonly (number | null)[];
    readonly dtype: DataType;
  }[];
  readonly outputNames: readonly string[];
  predict(inputs: Tensor | Tensor[]): Tensor | Tensor[];
  dispose(): unknown;
}

/** `tf.loadLayersModel`, wherever it is: tfjs-layers is not always there. */
export type LayersLoader = () => Promise<(handler: io.IOHandler) => Promise<LayersModel>>;

/** @throws CliError if tfjs cannot load it, in tfjs's words. */
export async function loadModel(
  { name, kind, artifacts }: ModelFiles,
  layersLoader: LayersLoader,
): Promise<LoadedModel> {
  const handler: io.IOHandler = { load: async () => artifacts };
  try {
    return await (kind === 'graph' ? loadGraph(handler) : loadLayers(handler, layersLoader));
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError('model', {
      got: `${name} that tfjs cannot load: ${messageOf(error)}`,
      needs: 'a model that runs on tfjs',
      cure: 'Convert or download it again.',
    });
  }
}

async function loadGraph(handler: io.IOHandler): Promise<LoadedModel> {
  const graph = await loadGraphModel(handler);
  // tfjs says only when it is called that a model has control flow.
  let isAsync = false;
  const run = (inputs: NamedTensorMap): Tensor[] | Promise<Tensor[]> => {
    if (!isAsync) {
      try {
        return [graph.execute(inputs)].flat();
      } catch (error) {
        if (!messageOf(error).includes('executeAsync')) throw error;
        isAsync = true;
      }
    }
    return graph.executeAsync(inputs).then((results) => [results].flat());
  };
  const inputs = graph.inputs.map(({ shape, dtype }, at): ModelInput => ({
    name: graph.inputNodes[at],
    shape,
    dtype: dtype ?? 'float32',
  }));
  return { graph, inputs, outputNames: graph.outputNodes, run, dispose: () => graph.dispose() };
}

async function loadLayers(handler: io.IOHandler, layersLoader: LayersLoader): Promise<LoadedModel> {
  const loadLayersModel = await layersLoader();
  const layers = await loadLayersModel(handler);
  const inputs = layers.inputs.map(({ name, shape, dtype }): ModelInput => ({
    name,
    shape: shape.map((dim) => dim ?? -1),
    dtype,
  }));
  const run = (named: NamedTensorMap): Tensor[] => {
    const list = inputs.map(({ name }) => named[name]);
    return [layers.predict(list.length === 1 ? list[0] : list)].flat();
  };
  return { layers, inputs, outputNames: layers.outputNames, run, dispose: () => layers.dispose() };
}

/**
 * Random inputs of a model, the same at every call: between -1 and 1, integers and bools 0 or 1.
 *
 * @param shapes of those whose shape the model leaves open; an open dimension is 1 else.
 * @throws CliError if an input is not the model's, or its shape or elements cannot be known.
 */
export function randomInputs(
  what: string,
  { inputs }: Pick<LoadedModel, 'inputs'>,
  shapes: InputShapes,
): NamedTensorMap {
  checkShapes(what, inputs, shapes);
  const made = inputs.map(({ name, shape, dtype }, at): [string, Tensor] => {
    const dims = shapes[name] ?? shape?.map((dim) => (dim < 0 ? 1 : dim));
    if (!dims) {
      throw new CliError(what, {
        got: `no shape for input '${name}', and the model has none`,
        needs: 'one',
        cure: `Pass --input ${name}=1,224,224,3, with the numbers that it takes.`,
      });
    }
    if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') {
      throw new CliError(what, {
        got: `input '${name}' of ${dtype}`,
        needs: 'float32, int32 or bool, of which it can make random elements',
        cure: `Call ${what}() from a script, with inputs of your own.`,
      });
    }
    const random = uniform(at + 1);
    const values = Array.from({ length: util.sizeFromShape([...dims]) }, () =>
      dtype === 'float32' ? 2 * random() - 1 : Math.floor(random() * 2),
    );
    return [name, tensor(dtype === 'bool' ? Uint8Array.from(values) : values, [...dims], dtype)];
  });
  return Object.fromEntries(made);
}

/** @throws CliError if a shape is given for what is no input, or does not fit it. */
export function checkShapes(
  what: string,
  inputs: readonly ModelInput[],
  shapes: InputShapes,
): void {
  for (const [name, dims] of Object.entries(shapes)) {
    const input = inputs.find((each) => each.name === name);
    if (!input) {
      throw new CliError(what, {
        got: `--input ${name}`,
        needs: `an input of the model: ${inputs.map((each) => each.name).join(', ')}`,
        cure: 'Name one of these.',
      });
    }
    const { shape } = input;
    const fits =
      !shape ||
      (shape.length === dims.length && shape.every((dim, axis) => dim < 0 || dim === dims[axis]));
    if (fits) continue;
    throw new CliError(what, {
      got: `shape [${dims.join(', ')}] for input '${name}'`,
      needs: `[${shape.map((dim) => (dim < 0 ? 'any' : dim)).join(', ')}]`,
      cure: 'Leave it out where nothing is open.',
    });
  }
}
