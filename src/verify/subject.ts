/** What can be verified: graph models, layers models, and functions of tensors. */
import type { GraphModel } from '@tensorflow/tfjs-converter';
import {
  type DataType,
  type NamedTensorMap,
  tensor as makeTensor,
  Tensor,
  util,
} from '@tensorflow/tfjs-core';
import { hookOf } from '../graph-model/hook';
import { uniform } from './reference';

/** A layers model, as far as it matters here. */
export interface PredictingModel {
  predict(inputs: Tensor | Tensor[]): Tensor | Tensor[];
  readonly inputs?: readonly InputSpec[];
}

type Results = Tensor | readonly Tensor[] | NamedTensorMap;

/** A graph model, a layers model, or a function of tensors. */
export type Subject =
  GraphModel | PredictingModel | ((...inputs: Tensor[]) => Results | Promise<Results>);

/** What a subject is called with; a function gets a list as its arguments. */
export type SubjectInputs = Tensor | readonly Tensor[] | NamedTensorMap;

interface InputSpec {
  readonly name: string;
  readonly shape?: readonly (number | null)[];
  readonly dtype?: DataType;
}

/** A subject made ready to be called. */
export interface Call {
  readonly names: readonly string[];
  run(): Promise<Tensor[]>;
  /** Makes the next call compile anew. */
  forget(): void;
  /** Frees inputs that were made for it. */
  dispose(): void;
}

export function prepareCall(subject: Subject, inputs?: SubjectInputs): Call {
  if (typeof subject === 'function') {
    const list = inputs === undefined ? [] : listOf(inputs);
    return callOf(() => subject(...list), [], []);
  }
  if (isGraphModel(subject)) {
    const made = inputs === undefined ? examplesOf(subject.inputs) : null;
    const given = inputs ?? Object.fromEntries(made as [string, Tensor][]);
    const tensors = made?.map(([, tensor]) => tensor) ?? [];
    const run = () => execute(subject, given as NamedTensorMap);
    const forget = () => hookOf(subject)?.forget(subject);
    return callOf(run, subject.outputNodes, tensors, forget);
  }
  if (typeof (subject as PredictingModel | null)?.predict === 'function') {
    const made = inputs === undefined ? examplesOf(subject.inputs ?? []) : null;
    const list = inputs === undefined ? (made ?? []).map(([, tensor]) => tensor) : listOf(inputs);
    const given = list.length === 1 ? list[0] : list;
    return callOf(() => subject.predict(given), [], made ? list : []);
  }
  throw new Error(
    `[webgpu-fused] verify: got ${subject === null ? 'null' : typeof subject}; needs a graph ` +
      'model, a layers model, or a function. Pass the model itself, or () => what is to be verified.',
  );
}

/** As an app calls it: tfjs refuses `execute` where only `executeAsync` will do. */
function execute(model: GraphModel, inputs: NamedTensorMap): Results | Promise<Results> {
  try {
    return model.execute(inputs);
  } catch {
    return model.executeAsync(inputs);
  }
}

function isGraphModel(subject: GraphModel | PredictingModel): subject is GraphModel {
  return typeof (subject as GraphModel | null)?.executeAsync === 'function';
}

function listOf(inputs: SubjectInputs): Tensor[] {
  if (inputs instanceof Tensor) return [inputs];
  return Array.isArray(inputs) ? [...(inputs as Tensor[])] : Object.values(inputs);
}

function callOf(
  call: () => Results | Promise<Results>,
  names: readonly string[],
  made: readonly Tensor[],
  forget: () => void = () => undefined,
): Call {
  return {
    names,
    forget,
    run: async () => {
      const results = await call();
      return results instanceof Tensor ? [results] : Object.values(results);
    },
    dispose: () => made.forEach((tensor) => tensor.dispose()),
  };
}

/** Dimensions that a model leaves open: more than one, and no multiple of four. */
const OPEN_DIM = 3;

/** Inputs between -1 and 1 (small integers, bools), the same at every call. */
function examplesOf(specs: readonly InputSpec[]): [string, Tensor][] {
  return specs.map(({ name, shape, dtype = 'float32' }, at) => {
    if (!shape || !['float32', 'int32', 'bool'].includes(dtype)) {
      throw new Error(
        `[webgpu-fused] verify: got no inputs, and ${name} is ${shape ? `of ${dtype}` : 'of no known shape'}; ` +
          'needs inputs to call the model with. Pass them as second argument.',
      );
    }
    const dims = shape.map((dim) => (dim === null || dim < 0 ? OPEN_DIM : dim));
    const random = uniform(at + 1);
    const values = Array.from({ length: util.sizeFromShape(dims) }, () =>
      dtype === 'float32' ? 2 * random() - 1 : Math.floor(random() * 2),
    );
    const typed = dtype === 'bool' ? Uint8Array.from(values) : values;
    return [name.split(':')[0], makeTensor(typed, dims, dtype)];
  });
}
