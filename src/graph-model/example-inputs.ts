/** Checks what `optimize` and `warmup` are given besides the model. */
import type { GraphModel } from '@tensorflow/tfjs-converter';
import { Tensor } from '@tensorflow/tfjs-core';
import { parseInput } from './graph-def';
import { internalsOf } from './model-internals';

/** A shape whose dimensions may be `null`: any size. */
export type OpenShape = readonly (number | null)[];

/** Whether some shape says that a dimension will vary. */
export function hasOpenShape({ inputs = {} }: OptimizeOptions): boolean {
  return Object.values(inputs).some(
    (example) => !(example instanceof Tensor) && example.includes(null),
  );
}

/** Options of `optimize`. */
export interface OptimizeOptions {
  /**
   * Example inputs, by name: tensors, which remain the caller's, or shapes. Inputs that are not
   * named are zeros of the shape in the model, with 1 for each dimension that it leaves open. `null`
   * is a dimension that will vary: shaders are then written to serve any size from the start.
   */
  readonly inputs?: Readonly<Record<string, Tensor | OpenShape>>;
  /** Outputs to prepare for; the model's own by default. */
  readonly outputs?: string | string[];
}

/** @throws Error if an option is not what it has to be, or does not fit the model. */
export function checkOptions(
  what: string,
  model: GraphModel,
  options: OptimizeOptions & { readonly onProgress?: unknown; readonly tune?: unknown },
): void {
  const fail = (got: string, needs: string, cure: string): never => {
    throw new Error(`[webgpu-fused] ${what}: got ${got}; needs ${needs}. ${cure}`);
  };
  if (!isRecord(options)) {
    fail(
      describe(options),
      'an object of options, or none',
      'Pass { inputs: { name: [1, 2, 3] } }.',
    );
  }
  const { inputs = {}, outputs, onProgress, tune } = options;
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    fail(`onProgress ${describe(onProgress)}`, 'a function', 'Leave it out if nobody listens.');
  }
  if (tune !== undefined && typeof tune !== 'boolean') {
    fail(`tune ${describe(tune)}`, 'true or false', 'Left out, it is as WEBGPU_FUSED_TUNE says.');
  }
  if (!isRecord(inputs)) {
    fail(
      `inputs ${describe(inputs)}`,
      'tensors or shapes by the name of the input',
      `Pass { inputs: { '${model.inputNodes[0] ?? 'name'}': example } }.`,
    );
  }
  for (const [name, example] of Object.entries(inputs)) {
    const input = findInput(model, name);
    if (!input) {
      const known = model.inputNodes.map((node) => `'${node}'`).join(', ');
      fail(`an input '${name}'`, `inputs of the model: ${known}`, 'Name one of these.');
      continue;
    }
    const wrong = whyNot(example, input.shape, input.dtype);
    if (wrong !== null) {
      const needs = `${input.dtype ?? 'a tensor'} of shape ${formatShape(input.shape)}`;
      fail(`${wrong} for input '${name}'`, needs, 'Pass such a tensor, or its shape.');
    }
  }
  const { executor } = internalsOf(model);
  const asked = outputs === undefined ? [] : [outputs].flat();
  for (const name of asked) {
    const isKnown =
      typeof name === 'string' &&
      executor.mapOutputs([name]).every((ref) => parseInput(ref).node in executor.graph.nodes);
    if (isKnown) continue;
    const known = model.outputNodes.map((node) => `'${node}'`).join(', ');
    fail(`an output ${describe(name)}`, 'a node of the model', `Its outputs are ${known}.`);
  }
}

/** An input by the name of its node, of its signature, or of its tensor. */
function findInput(model: GraphModel, name: string): GraphModel['inputs'][number] | undefined {
  return model.inputs.find((input, at) => input.name === name || model.inputNodes[at] === name);
}

/** What is wrong with an example, or null. */
function whyNot(
  example: unknown,
  shape: readonly number[] | undefined,
  dtype: string | undefined,
): string | null {
  if (example instanceof Tensor) {
    if (example.isDisposed) return 'a tensor that was disposed';
    if (dtype && example.dtype !== dtype) return `${example.dtype} [${example.shape}]`;
  } else if (!isShape(example)) return describe(example);
  const given = example as Tensor | OpenShape;
  const dims: OpenShape = 'shape' in given ? given.shape : given;
  const fits =
    !shape ||
    (shape.length === dims.length &&
      dims.every((dim, axis) => dim === null || shape[axis] < 0 || shape[axis] === dim));
  return fits ? null : `shape [${dims}]`;
}

function isShape(value: unknown): value is OpenShape {
  return (
    Array.isArray(value) &&
    value.every((dim) => dim === null || (Number.isInteger(dim) && (dim as number) >= 0))
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Tensor)
  );
}

function formatShape(shape: readonly number[] | undefined): string {
  if (!shape) return 'unknown to the model';
  return `[${shape.map((dim) => (dim < 0 ? 'any' : dim)).join(', ')}]`;
}

/** A value as errors name it. */
function describe(value: unknown): string {
  if (value instanceof Tensor) return `a tensor of shape [${value.shape}]`;
  if (typeof value === 'function') return 'a function';
  return JSON.stringify(value) ?? String(value);
}
