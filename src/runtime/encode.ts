/** Encodes steps into as few passes and submits as serve the device. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { PlanDevice } from './plan-device';
import type { Bindable } from '../host/frames';
import { internalsOf } from '../host/internals';
import { DISPATCHES_PER_SUBMIT } from '../compiler/plan';
import type { Step } from './step';

/** Encodes `steps`; what is not submitted yet waits with what other kernels have encoded. */
export function encodeSteps(
  backend: PlanDevice,
  steps: readonly Step[],
  inputs: readonly Bindable[],
  outputs: readonly GPUBuffer[],
): void {
  if (internalsOf(backend).activeTimers) encodeTimed(backend, steps, inputs, outputs);
  else encodeAll(backend, steps, inputs, outputs);
}

/** Submits what is encoded. */
export function submitAll(backend: PlanDevice): void {
  if (!internalsOf(backend).commandEncoder) return;
  backend.endComputePassEncoder();
  backend.submitQueue();
}

/** Keeps the buffers of tensors that are disposed of before what is encoded has been submitted. */
export function keepUntilSubmitted(backend: PlanDevice, tensors: readonly TensorInfo[]): void {
  const { commandEncoder, commandQueueOwnedIds } = internalsOf(backend);
  if (commandEncoder) for (const { dataId } of tensors) commandQueueOwnedIds.add(dataId);
}

function encodeAll(
  backend: PlanDevice,
  steps: readonly Step[],
  inputs: readonly Bindable[],
  outputs: readonly GPUBuffer[],
): void {
  const internals = internalsOf(backend);
  let pass: GPUComputePassEncoder | null = null;
  let pipeline: GPUComputePipeline | null = null;
  for (const step of steps) {
    if (!pass) {
      backend.ensureCommandEncoderReady();
      const encoder = internals.commandEncoder as GPUCommandEncoder;
      pass = internals.computePassEncoder ??= encoder.beginComputePass();
      pipeline = null;
    }
    if (pipeline !== step.pipeline) {
      pipeline = step.pipeline;
      pass.setPipeline(pipeline);
    }
    pass.setBindGroup(0, step.fixed ?? step.bind(inputs, outputs));
    // Three calls for each step are the whole cost of a replay: every argument counts.
    if (step.y === 1 && step.z === 1) pass.dispatchWorkgroups(step.x);
    else pass.dispatchWorkgroups(step.x, step.y, step.z);
    if (++internals.dispatchCountInPass >= DISPATCHES_PER_SUBMIT) {
      submitAll(backend);
      pass = null;
    }
  }
}

/** One pass a dispatch, each with its timestamps, as `tf.time` and `tf.profile` want it. */
function encodeTimed(
  backend: PlanDevice,
  steps: readonly Step[],
  inputs: readonly Bindable[],
  outputs: readonly GPUBuffer[],
): void {
  const internals = internalsOf(backend);
  for (const step of steps) {
    backend.endComputePassEncoder();
    backend.ensureCommandEncoderReady();
    const encoder = internals.commandEncoder as GPUCommandEncoder;
    const pass = encoder.beginComputePass(timestampsOf(backend));
    pass.setPipeline(step.pipeline);
    pass.setBindGroup(0, step.bind(inputs, outputs));
    pass.dispatchWorkgroups(step.x, step.y, step.z);
    pass.end();
    internals.activeTimers?.push({ name: step.label, query: internals.getQueryTime() });
  }
}

/** What a pass must be begun with to be timed; nothing where the device cannot. */
function timestampsOf(backend: PlanDevice): GPUComputePassDescriptor {
  const internals = internalsOf(backend);
  if (!internals.supportTimestampQuery) return {};
  internals.querySet ??= backend.device.createQuerySet({
    type: 'timestamp',
    count: internals.querySetCount,
  });
  return {
    timestampWrites: {
      querySet: internals.querySet,
      beginningOfPassWriteIndex: 0,
      endOfPassWriteIndex: 1,
    },
  };
}
