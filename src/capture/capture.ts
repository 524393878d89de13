/** Captures functions of tensors: layers models, eager pre- and post-processing. */
import { engine, getBackend, type Tensor, type TensorContainer } from '@tensorflow/tfjs-core';
import { PlanDevice } from '../runtime/plan-device';
import { type CaptureStatus, CapturedCall } from './captured-call';

/** A function whose calls are replayed once they are known. */
export interface Captured<A extends readonly Tensor[], R extends Tensor | Tensor[]> {
  (...inputs: A): R;
  /** Whether the latest call was replayed, and if not, why. */
  readonly status: CaptureStatus;
  /** Frees what is kept; the function can still be called, and is captured anew. */
  dispose(): void;
}

/**
 * Wraps a function of tensors so that warm calls cost next to nothing: after two calls with inputs
 * of the same shapes and dtypes, the GPU's work is replayed without calling `fn`.
 *
 * `fn` must compute its result from its inputs, and from tensors that stay (weights): other
 * JavaScript in it no longer runs. What it allocates is cleaned up as by `tf.tidy`. A function that
 * reads tensors back, draws random numbers or uploads other values each time runs as ever;
 * {@link Captured.status} says why. Assigning a variable or disposing of a tensor that `fn` reads
 * has it captured anew.
 *
 * ```js
 * const predict = capture((image) => model.predict(image.div(255)));
 * const y = predict(frame);
 * ```
 *
 * @throws Error if `fn` is no function; when called, if an argument is no tensor.
 */
export function capture<A extends readonly Tensor[], R extends Tensor | Tensor[]>(
  fn: (...inputs: A) => R,
): Captured<A, R> {
  if (typeof fn !== 'function') {
    throw new Error(
      `[webgpu-fused] capture: got ${typeof fn === 'object' ? 'an object' : String(fn)}; needs a ` +
        'function of tensors. For a model, pass (x) => model.predict(x).',
    );
  }
  let call: CapturedCall | null = null;
  let owner: unknown = null;
  let givesList = false;
  const idle: CaptureStatus = { isReplayed: false, reason: 'it has not been called yet' };
  let elsewhere: CaptureStatus = idle;
  const dispose = (): void => {
    call?.dispose();
    call = null;
    elsewhere = idle;
  };
  const captured = (...inputs: A): R => {
    for (const input of inputs) if (!input?.dataId) throw notTensor(input, inputs.indexOf(input));
    const backend: unknown = engine().backend;
    if (!(backend instanceof PlanDevice)) {
      elsewhere = { isReplayed: false, reason: `the backend is ${getBackend()}` };
      return engine().tidy(() => fn(...inputs) as TensorContainer) as R;
    }
    if (owner !== backend) {
      call?.dispose();
      call = new CapturedCall(backend);
      owner = backend;
    }
    const run = (): Tensor[] => {
      const results = backend.fuseEagerly(() =>
        engine().tidy(() => fn(...inputs) as TensorContainer),
      );
      givesList = Array.isArray(results);
      return (givesList ? results : [results]) as Tensor[];
    };
    call ??= new CapturedCall(backend);
    const results = call.call(inputs, run);
    return (givesList ? results : results[0]) as R;
  };
  return Object.defineProperties(captured, {
    status: { get: () => call?.status ?? elsewhere },
    dispose: { value: dispose },
  }) as Captured<A, R>;
}

function notTensor(given: unknown, at: number): Error {
  const got = typeof given === 'object' && given ? 'an object' : String(given);
  return new Error(
    `[webgpu-fused] capture: got ${got} for argument ${at}; needs a tensor. Close over what is ` +
      'none, and stays the same; make tensors of numbers that change.',
  );
}
