/** The first run of a plan: the graph that it was made of, and what went in and came out. */
import type { DataId, TensorInfo } from '@tensorflow/tfjs-core';
import type { Plan } from '../compiler/plan';
import type { ConstantData, Graph, Value } from '../ir/graph';
import type { RejectNodes } from '../runtime/plan-auditor';
import type { PlanDevice } from '../runtime/plan-device';
import type { Doubles } from './reference';
import { takeSnapshot } from './snapshot';

export interface PlanRun {
  readonly plan: Plan;
  readonly source: Graph;
  readonly reject: RejectNodes;
  /** For each output of the graph, the tensor that got it; null where the plan does not compute it. */
  readonly outputIds: readonly (DataId | null)[];
  /** Resolves with what the tensors held when the plan had run. */
  readonly contents: Promise<RunContents>;
}

export interface RunContents {
  readonly inputs: readonly Doubles[];
  readonly constants: ReadonlyMap<ConstantData, Doubles>;
  /** For each output of the graph; null where the plan does not compute it. */
  readonly outputs: readonly (Doubles | null)[];
}

/** Copies what a run left on the device. */
export function recordRun(
  device: PlanDevice,
  { plan, source, reject }: Pick<PlanRun, 'plan' | 'source' | 'reject'>,
  inputs: readonly TensorInfo[],
  outputs: readonly TensorInfo[],
): PlanRun {
  const copy = ({ dataId }: TensorInfo, spec: Value): Promise<Doubles> =>
    takeSnapshot(device.device, device.bufferOf(dataId), spec);
  const computed = [...new Set(plan.outputs)].filter((value) => value.producer !== undefined);
  const made = computed.map((value, i) => copy(outputs[i], value));
  const positions = plan.outputs.map((value) => computed.indexOf(value));
  const pending = {
    inputs: Promise.all(source.inputs.map((value, i) => copy(inputs[i], value))),
    outputs: Promise.all(made).then((all) => positions.map((at) => (at < 0 ? null : all[at]))),
    constants: Promise.all(
      constantsOf(source).map(async (value) => {
        const data = value.constant as ConstantData;
        return [data, await copy(data.handle as TensorInfo, value)] as const;
      }),
    ),
  };
  const contents = Promise.all([pending.inputs, pending.constants, pending.outputs]).then(
    ([ins, constants, outs]) => ({ inputs: ins, constants: new Map(constants), outputs: outs }),
  );
  contents.catch(() => undefined); // A device that is lost: whoever judges the run is told.
  const outputIds = positions.map((at) => (at < 0 ? null : outputs[at].dataId));
  return { plan, source, reject, outputIds, contents };
}

/** Constants of a graph whose elements are on the device, each once. */
function constantsOf({ nodes, outputs }: Graph): Value[] {
  const byData = new Map<ConstantData, Value>();
  for (const value of [...nodes.flatMap(({ inputs }) => inputs), ...outputs]) {
    const { constant } = value;
    if (constant && !constant.host && constant.handle) byData.set(constant, value);
  }
  return [...byData.values()];
}

/** What is known of a graph's values at first: its inputs, and constants that the device has. */
export function knownOf(
  { inputs, nodes, outputs }: Pick<Graph, 'inputs' | 'nodes' | 'outputs'>,
  contents: Pick<RunContents, 'inputs' | 'constants'>,
): Map<Value, Doubles> {
  const known = new Map<Value, Doubles>(inputs.map((value, i) => [value, contents.inputs[i]]));
  for (const value of [...nodes.flatMap((node) => node.inputs), ...outputs]) {
    const elements = value.constant && contents.constants.get(value.constant);
    if (elements) known.set(value, elements);
  }
  return known;
}
