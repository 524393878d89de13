/** The ops by which tfjs's executor runs regions, where it runs a model. */
import type { GraphNode, registerOp } from '@tensorflow/tfjs-converter';
import { clone, type Tensor } from '@tensorflow/tfjs-core';
import type { RegionRunner } from './region-runner';
import { OUTPUT_OP, REGION_OP } from './rewrite';

/** Weak, so that a model that is dropped without dispose() can be collected. */
const regions = new Map<number, WeakRef<RegionRunner>>();
let nextId = 1;

/** Makes a region known to {@link REGION_OP}; returns its number. */
export function registerRegion(runner: RegionRunner): number {
  const id = nextId++;
  regions.set(id, new WeakRef(runner));
  return id;
}

/** Forgets a region. */
export function unregisterRegion(id: number): void {
  regions.delete(id);
}

/** Registers the ops that rewritten topologies use with one copy of tfjs-converter. */
export function registerRegionOps(register: typeof registerOp): void {
  register(REGION_OP, runRegion);
  register(OUTPUT_OP, passOutputs);
}

function runRegion({ inputs, attrs }: GraphNode): Tensor[] | Promise<Tensor[]> {
  const runner = regions.get(attrs.region as number)?.deref();
  if (!runner) {
    throw new Error(
      `[webgpu-fused] ${REGION_OP}: got a region that was disposed; needs a model in use. ` +
        `Do not call a model after dispose().`,
    );
  }
  return runner.run(inputs);
}

/** Puts each input in the place of the output that it stands for. */
function passOutputs({ inputs, attrs }: GraphNode): Tensor[] {
  const outputs: Tensor[] = [];
  (attrs.indices as number[]).forEach((index, at) => (outputs[index] = clone(inputs[at])));
  // tfjs asks for the first output of a node to know whether it has run.
  outputs[0] ??= clone(inputs[0]);
  return outputs;
}
