/** Runs a model or a function fused and as tfjs runs it, and judges both by float64. */
import {
  engine,
  env,
  getBackend,
  type DataId,
  type DataType,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { PlanDevice } from '../runtime/plan-device';
import { findDivergences, type Divergence } from './divergence';
import { errorOf, findDifference, largestOf } from './judge';
import { formatDivergence, PlanRecorder, reject } from './plan-audit';
import { knownOf, type PlanRun } from './plan-run';
import { evaluateGraph } from './reference';
import { prepareCall, type Call, type Subject, type SubjectInputs } from './subject';

/** Calls that may follow a divergence, each of which may show another one. */
const MAX_ROUNDS = 64;

/** Calls of which each may compile another plan: for any values, for constants, captured, replayed. */
const CALLS = 6;

/**
 * Relative error by which results of tfjs's own kernels, which have no reference, may differ; and by
 * which tfjs's and the reference may before either of them has read something else.
 */
const COARSE = 1e-3;

export interface OutputVerdict {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DataType;
  /** Largest errors against float64, relative to the largest element; null without a reference. */
  readonly error: number | null;
  readonly originalError: number | null;
  /** Largest difference between both, relative to the largest element. */
  readonly difference: number;
}

export interface Verification {
  /** Whether nothing diverges. */
  readonly ok: boolean;
  readonly outputs: readonly OutputVerdict[];
  /** Plans that were compiled for the calls, each of which was judged at its first run. */
  readonly plans: number;
  readonly divergences: readonly Divergence[];
  /** All of this as a table. */
  readonly text: string;
}

/** Results of a call, and the plans that ran in it. */
interface Outcome {
  readonly tensors: readonly {
    id: DataId;
    shape: number[];
    dtype: DataType;
    values: ArrayLike<number>;
  }[];
  readonly recorder: PlanRecorder;
}

/**
 * Verifies a model or a function on the backend `webgpu-fused`: compiles it anew, judges what every
 * plan computes by a reference in doubles on the host, and compares the results with those of tfjs's
 * own kernels. Of a plan that diverges, the rule or the kernel at fault is found, and taken out of use.
 *
 * Takes seconds, of a large model minutes: it is meant for a test, or a look at a new device.
 *
 * A function is called as it is: wrap it in `tf.tidy`, as an app would, or what it leaves behind counts as
 * results that are asked for.
 *
 * @param inputs what to call it with; random numbers by default, where a model says which.
 */
export async function verify(subject: Subject, inputs?: SubjectInputs): Promise<Verification> {
  const device: unknown = engine().backend;
  if (!(device instanceof PlanDevice)) {
    throw new Error(
      `[webgpu-fused] verify: got the backend '${getBackend()}'; needs 'webgpu-fused'. ` +
        "Call await tf.setBackend('webgpu-fused') before.",
    );
  }
  const call = prepareCall(subject, inputs);
  try {
    return await verifyCall(device, call);
  } finally {
    call.dispose();
  }
}

async function verifyCall(device: PlanDevice, call: Call): Promise<Verification> {
  const original = await withFlags({ WEBGPU_FUSED_REWRITE: false, WEBGPU_FUSED_LAZY: false }, () =>
    observe(device, call),
  );
  call.forget();
  device.forgetPlans();
  const outcomes: Outcome[] = [];
  const divergences: Divergence[] = [];
  let plans = 0;
  // What is found wrong is computed otherwise from the next call on, by plans that are new again.
  for (let left = CALLS, round = 0; left > 0 && round < MAX_ROUNDS; left--, round++) {
    const outcome = await observe(device, call);
    outcomes.push(outcome);
    for (const run of outcome.recorder.runs) {
      plans++;
      const originals = originalsOf(run, outcome, original);
      for (const found of await findDivergences(device, run, await run.contents, originals)) {
        divergences.push(found);
        reject(run, found);
        left = CALLS;
      }
    }
  }
  const outputs = await judgeOutputs(call, outcomes[0], original);
  if (divergences.length === 0) {
    divergences.push(...readingsOf(outputs), ...repeatsOf(call, outcomes));
  }
  const verification = { ok: divergences.length === 0, outputs, plans, divergences };
  return { ...verification, text: formatVerification(verification) };
}

/** Calls, and reads everything back. */
async function observe(device: PlanDevice, call: Call): Promise<Outcome> {
  const before = device.auditor;
  const recorder = new PlanRecorder(device);
  device.auditor = recorder;
  let results: Tensor[];
  try {
    results = await call.run();
    device.runPending();
  } finally {
    device.auditor = before;
  }
  const tensors = await Promise.all(
    results.map(async (tensor) => {
      const values = (await tensor.data()) as ArrayLike<number>;
      return { id: tensor.dataId, shape: tensor.shape, dtype: tensor.dtype, values };
    }),
  );
  results.forEach((tensor) => tensor.dispose());
  return { tensors, recorder };
}

async function withFlags<T>(
  flags: Readonly<Record<string, boolean>>,
  run: () => Promise<T>,
): Promise<T> {
  const before = Object.keys(flags).map((name) => [name, env().getBool(name)] as const);
  for (const [name, value] of Object.entries(flags)) env().set(name, value);
  try {
    return await run();
  } finally {
    for (const [name, value] of before) env().set(name, value);
  }
}

/**
 * For each output of a plan's graph, what the original call gave for it; nothing where a plan of ours
 * computed that as well.
 */
function originalsOf(run: PlanRun, outcome: Outcome, original: Outcome) {
  return run.outputIds.map((id) => {
    const at = id === null ? -1 : outcome.tensors.findIndex((tensor) => tensor.id === id);
    return at < 0 || original.recorder.ranCount > 0 ? undefined : original.tensors[at].values;
  });
}

async function judgeOutputs(
  call: Call,
  first: Outcome,
  original: Outcome,
): Promise<OutputVerdict[]> {
  const expectations = new Map<DataId, Float64Array>();
  for (const { source, contents, outputIds } of first.recorder.runs) {
    if (!outputIds.some((id) => first.tensors.some((tensor) => tensor.id === id))) continue;
    const expected = await evaluateGraph(source, knownOf(source, await contents));
    outputIds.forEach((id, i) => id && expectations.set(id, expected[i]));
  }
  return first.tensors.map(({ id, shape, dtype, values }, i) => {
    const others = original.tensors[i].values;
    const scale = largestOf(others) || 1;
    const expected = expectations.get(id);
    const relative = (actual: ArrayLike<number>): number | null =>
      expected && dtype !== 'string' ? errorOf(actual, expected) / scale : null;
    return {
      name: call.names[i] ?? `output ${i}`,
      shape,
      dtype,
      error: relative(values),
      originalError: relative(others),
      difference: dtype === 'string' ? 0 : errorOf(values, Float64Array.from(others)) / scale,
    };
  });
}

/** Results that every plan is innocent of, and that tfjs's kernels compute otherwise. */
function readingsOf(outputs: readonly OutputVerdict[]): Divergence[] {
  return outputs
    .filter(({ difference, dtype }) => difference > COARSE && dtype === 'float32')
    .map(({ name, difference }) => ({
      kind: 'reading',
      nodes: [name],
      rules: [],
      message:
        `${name} differs by ${difference.toPrecision(2)} of its largest element from what tfjs's ` +
        'own kernels give, and every plan computes its graph: the graph was read otherwise than ' +
        'tfjs reads it, or a kernel of tfjs is wrong',
      reproduction: '',
    }));
}

/** Results of later calls that differ from those of the first, as those of tfjs's kernels do not. */
function repeatsOf(call: Call, [first, ...later]: readonly Outcome[]): Divergence[] {
  for (const [i, { tensors }] of later.entries()) {
    for (const [k, { values, dtype }] of tensors.entries()) {
      if (dtype === 'string') continue;
      const before = Float64Array.from(first.tensors[k].values);
      const room = COARSE * largestOf(before);
      const difference = findDifference(values, {
        dtype: 'float32',
        expected: before,
        samples: [],
      });
      if (!difference || errorOf(values, before) <= room) continue;
      return [
        {
          kind: 'repeat',
          nodes: [call.names[k] ?? `output ${k}`],
          rules: [],
          message: `call ${i + 2} gives something else than the first: element ${difference.at} is ${difference.actual}, and was ${difference.expected}`,
          reproduction: '',
        },
      ];
    }
  }
  return [];
}

function formatVerification({
  ok,
  outputs,
  plans,
  divergences,
}: Omit<Verification, 'text'>): string {
  const error = (value: number | null): string => (value === null ? '–' : value.toExponential(1));
  return [
    `[webgpu-fused] verify: ${ok ? 'nothing diverges' : `${divergences.length} divergences`}; ` +
      `${plans} plans judged by float64`,
    ...outputs.map(
      (output) =>
        `  ${output.name} ${output.dtype} [${output.shape}]: error ${error(output.error)}, ` +
        `tfjs's ${error(output.originalError)}, difference ${error(output.difference)}`,
    ),
    ...divergences.map(formatDivergence),
  ].join('\n');
}
