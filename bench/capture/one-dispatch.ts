/** A model that fuses to one dispatch: what it costs is the fixed cost of a call. */
import type { ModelEntry } from '../models/types';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import type { io, NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import type { RunnableModel } from '../models/load';

export const ONE_DISPATCH: ModelEntry = {
  name: 'one dispatch',
  format: 'graph',
  source: { bundled: '' },
  inputs: [
    {
      name: 'x',
      shape: [1, 16, 16, 4],
      dtype: 'float32',
      content: { kind: 'image', low: -1, high: 1 },
    },
  ],
  execute: 'sync',
  stock: { dispatches: 2, floor: 1, depthwisePointwise: 0 },
};

/** Loads it: `sigmoid(relu(x))`, without weights. */
export async function loadOneDispatch(): Promise<RunnableModel> {
  const type = { T: { type: 'DT_FLOAT' } };
  const dims = ONE_DISPATCH.inputs[0].shape.map((size) => ({ size: String(size) }));
  const artifacts = {
    format: 'graph-model',
    modelTopology: {
      versions: { producer: 1 },
      node: [
        {
          name: 'x',
          op: 'Placeholder',
          attr: { dtype: { type: 'DT_FLOAT' }, shape: { shape: { dim: dims } } },
        },
        { name: 'positive', op: 'Relu', input: ['x'], attr: type },
        { name: 'y', op: 'Sigmoid', input: ['positive'], attr: type },
      ],
    },
    weightSpecs: [],
    weightData: new ArrayBuffer(0),
  } as io.ModelArtifacts;
  const graph = await loadGraphModel({ load: async () => artifacts });
  return {
    entry: ONE_DISPATCH,
    graph,
    outputNames: ['y'],
    run: (inputs: NamedTensorMap) => [graph.predict(inputs) as Tensor],
    dispose: () => graph.dispose(),
  };
}
