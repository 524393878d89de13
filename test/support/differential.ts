/** Runs one graph fused on the GPU and primitive by primitive on tfjs's cpu backend. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-webgpu';
import { BACKEND_NAME, type WebGPUFusedBackend } from '../../src/backend/backend';
import { compilePlan } from '../../src/compiler/compile';
import { PlanExecutor } from '../../src/runtime/executor';
import type { Plan } from '../../src/compiler/plan';
import { registerWebGPUFused } from '../../src/backend/register';
import {
  type AdapterClass,
  anySizeTarget,
  deviceFacts,
  type KernelTarget,
  kernelTarget,
} from '../../src/fused-kernels/target';
import { GraphBuilder } from '../../src/ir/builder';
import type { Graph, Value } from '../../src/ir/graph';
import { useBackend } from './gpu';
import { interpret } from './ir-interpreter';
import { printGraph } from './print-graph';
import { randomInput } from './random-graph';
import { findDifference, largest, TOLERANCE, type ToleranceName } from './tolerance';

registerWebGPUFused();
// Software drivers take up to a second for a pipeline that they have not seen before.
jest.setTimeout(120_000);

/** Adds a graph's nodes to the builder and answers its outputs. */
export type Build = (b: GraphBuilder) => Value | readonly Value[];

export function buildGraph(build: Build): Graph {
  const b = new GraphBuilder();
  b.graph.outputs = [build(b)].flat();
  return b.graph;
}

/** The class of adapter that stands for all GPUs: that which kernels were measured on. */
export const GPU_CLASS: AdapterClass = 'nvidia';

/** What kernels are chosen by: kinds of adapters, whichever one runs these tests, and extremes that none reports. */
export const ADAPTERS = ['software', 'gpu', 'mobile gpu', 'large tiles', 'few workgroups'] as const;

/** The same, and shaders that serve any size, which are tested family by family. */
export const TARGETS = [...ADAPTERS, 'any size', 'gpu, any size'] as const;
export type TargetName = (typeof TARGETS)[number];

export async function targetNamed(name: TargetName): Promise<KernelTarget> {
  await useBackend(tf, BACKEND_NAME);
  const { adapterClass, device } = tf.backend() as WebGPUFusedBackend;
  const facts = deviceFacts(device);
  switch (name) {
    case 'software':
      return kernelTarget(facts, 'software');
    case 'gpu':
      // What a GPU's driver unrolls takes a processor's minutes to compile.
      return { ...kernelTarget(facts, GPU_CLASS), unrolls: adapterClass !== 'software' };
    case 'any size':
      return anySizeTarget(await targetNamed('software'));
    case 'gpu, any size':
      return anySizeTarget(await targetNamed('gpu'));
    case 'mobile gpu':
      return kernelTarget(facts, 'arm');
    case 'large tiles':
      return { ...kernelTarget(facts, 'software'), busyInvocations: 1 };
    case 'few workgroups':
      // Dispatches wrap from x to y, as those of 4 million invocations and more do.
      return kernelTarget({ ...facts, maxWorkgroupsPerDimension: 3 }, 'software');
  }
}

type Elements = ArrayLike<number>;

/** Answers of the cpu backend. */
export async function runOnCpu(graph: Graph, inputs: readonly Elements[]): Promise<Elements[]> {
  await useBackend(tf, 'cpu');
  const tensors = graph.inputs.map((value, i) => toTensor(value, inputs[i]));
  const results = interpret(graph, tensors);
  const answers = results.map((result) => result.dataSync());
  tf.dispose([...tensors, ...results]);
  return answers;
}

/** Answers of a plan on the current device, which must leave no tensor behind. */
export async function runPlan(plan: Plan, inputs: readonly Elements[]): Promise<Elements[]> {
  await useBackend(tf, BACKEND_NAME);
  const before = tf.memory().numTensors;
  const tensors = plan.inputs.map((value, i) => toTensor(value, inputs[i]));
  const executor = new PlanExecutor(tf.backend() as WebGPUFusedBackend, plan);
  const results = executor.run(tensors).map((info) => tf.engine().makeTensorFromTensorInfo(info));
  const answers = await Promise.all(results.map((result) => result.data()));
  tf.dispose([...tensors, ...results]);
  executor.dispose();
  expect(tf.memory().numTensors).toBe(before);
  return answers;
}

function toTensor({ shape, dtype }: Value, elements: Elements): tf.Tensor {
  const typed = dtype === 'bool' ? Uint8Array.from(elements) : Array.from(elements);
  return tf.tensor(typed, [...shape], dtype);
}

export interface DifferentialOptions {
  readonly tolerance?: ToleranceName;
  /** Inputs are whole numbers if the tolerance is exact, and real ones between -1 and 1 if not. */
  readonly inputs?: readonly (Elements | undefined)[];
  readonly targets?: readonly TargetName[];
  /** What kernels choose by otherwise than by the table of targets, such as a forced choice. */
  readonly overrides?: Partial<KernelTarget>;
}

/**
 * Checks a graph's fused results against the cpu backend's, for each target that leads to other
 * shaders. Answers the plan of the first target.
 */
export async function checkFused(build: Build, options: DifferentialOptions = {}): Promise<Plan> {
  const { tolerance = 'exact', targets = ['software', 'gpu', 'any size'] } = options;
  const reference = buildGraph(build);
  const text = printGraph(reference);
  const inputs = reference.inputs.map(
    (value, i) => options.inputs?.[i] ?? randomInput(value, tolerance === 'exact', i + 1),
  );
  const expected = await runOnCpu(reference, inputs);
  const plans: Plan[] = [];
  for (const name of targets) {
    const target = { ...(await targetNamed(name)), ...options.overrides };
    const plan = compilePlan(buildGraph(build), target, 'test');
    if (plans.some((other) => samePrograms(other, plan))) continue;
    plans.push(plan);
    const actual = await runPlan(plan, inputs);
    expected.forEach((values, i) => {
      const difference = findDifference(actual[i], values, TOLERANCE[tolerance] * largest(values));
      if (difference === null) return;
      const shaders = plan.dispatches.map(({ program }) => program.wgsl).join('\n');
      throw new Error(`${name}, output ${i}: ${difference}\n${text}\n${shaders}`);
    });
  }
  return plans[0];
}

function samePrograms(a: Plan, b: Plan): boolean {
  return (
    a.dispatches.length === b.dispatches.length &&
    a.dispatches.every(({ program }, i) => {
      const other = b.dispatches[i].program;
      return (
        program.wgsl === other.wgsl &&
        String(program.workgroups) === String(other.workgroups) &&
        String(new Int32Array(program.uniforms)) === String(new Int32Array(other.uniforms))
      );
    })
  );
}

/** Labels of a plan's dispatches: what was fused with what. */
export const labelsOf = (plan: Plan): string[] => plan.dispatches.map(({ label }) => label);
