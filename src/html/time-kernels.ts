/** How long kernels take by the device's own clock: of a warm call, kernel by kernel. */
import type { GraphModel } from '@tensorflow/tfjs-converter';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import {
  backend,
  dispose,
  getBackend,
  Tensor,
  util,
  type TensorContainer,
} from '@tensorflow/tfjs-core';
import { lastTrace } from '../eager/flush-trace';
import { watchNodes } from '../graph-model/model-internals';
import { internalsOf } from '../host/internals';
import { summarize } from '../measure/statistics';

/** One dispatch. */
export interface KernelTime {
  /** What tfjs calls its program, or the label of a fused kernel. */
  readonly name: string;
  /** Milliseconds: the median of some calls. */
  readonly ms: number;
  /** The node of the model that tfjs ran it for, where that is known. */
  readonly node?: string;
}

/** A warm call, dispatch by dispatch. */
export interface KernelTimes {
  readonly backend: string;
  readonly kernels: readonly KernelTime[];
  /** Calls that were timed. */
  readonly calls: number;
  /** Why there are none. */
  readonly missing?: string;
}

/** Options of {@link timeKernels}. */
export interface TimeOptions {
  /** The graph model that is called, so that kernels of stock's are told by its nodes. */
  readonly model?: GraphModel;
  /** Calls that are timed; the median of each kernel is told. 5 by default. */
  readonly calls?: number;
}

/** Calls before the ones that count: by then plans are those of warm calls. */
const WARMUPS = 6;

/**
 * Times the kernels of a call on the active backend, for {@link reportHtml}. Afterwards, `lastTrace()` tells of the
 * last call.
 *
 * ```js
 * const fused = await timeKernels(() => model.predict(x));
 * const html = reportHtml(model, { times: { fused } });
 * ```
 *
 * @param run what is timed: answers with tensors, of which it disposes.
 */
export async function timeKernels(
  run: () => TensorContainer | Promise<TensorContainer>,
  { model, calls = 5 }: TimeOptions = {},
): Promise<KernelTimes> {
  const name = getBackend();
  const without = (missing: string): KernelTimes => ({
    ...{ backend: name, kernels: [], calls: 0, missing },
  });
  const device = backend() as WebGPUBackend;
  for (let call = 0; call < WARMUPS; call++) {
    lastTrace();
    const made = run();
    if (util.isPromise(made)) {
      dispose(await made);
      return without('a call that waits in between, such as executeAsync, is not timed by kernel');
    }
    await read(made);
    dispose(made);
  }
  if (!internalsOf(device).supportTimestampQuery) {
    return without(`${name} has no clock: the device lacks the feature timestamp-query`);
  }
  const timed: KernelTime[][] = [];
  for (let call = 0; call < calls; call++) timed.push(await timeCall(device, run, model));
  const [first] = timed;
  const isSame = timed.every((kernels) => sequence(kernels) === sequence(first));
  if (!isSame) return without('calls ran different kernels');
  const kernels = first.map((kernel, at) => ({
    ...kernel,
    ms: summarize(timed.map((each) => each[at].ms)).median,
  }));
  if (kernels.every(({ ms }) => ms === 0)) return without("the device's clock stood still");
  return { backend: name, kernels, calls };
}

function sequence(kernels: readonly KernelTime[]): string {
  return kernels.map(({ name }) => name).join('\n');
}

async function timeCall(
  device: WebGPUBackend,
  run: () => TensorContainer | Promise<TensorContainer>,
  model: GraphModel | undefined,
): Promise<KernelTime[]> {
  const internals = internalsOf(device);
  /** Nodes in the order in which they ran, and how many kernels there were before each. */
  const starts: { node: string; first: number }[] = [];
  const unwatch = model
    ? watchNodes(model, (node) => starts.push({ node, first: internals.activeTimers?.length ?? 0 }))
    : () => undefined;
  let made: TensorContainer = [];
  try {
    lastTrace();
    // Results are wanted until all kernels have been launched.
    const { getExtraProfileInfo } = await device.time(() => {
      made = run() as TensorContainer;
    });
    const told = getExtraProfileInfo?.() ?? '';
    return [...told.matchAll(/(.+?): ([\d.e+-]+)(?:, |$)/g)].map(([, name, ms], at) => ({
      ...{ name, ms: Number(ms) },
      node: starts.filter(({ first }) => first <= at).at(-1)?.node,
    }));
  } finally {
    unwatch();
    dispose(made);
  }
}

async function read(made: TensorContainer): Promise<void> {
  const all: unknown[] = made instanceof Tensor ? [made] : Object.values(made ?? {});
  await Promise.all(
    all.map((each) => (each instanceof Tensor ? each.data() : read(each as TensorContainer))),
  );
}
