/** Layers models from public packages. */
import * as tf from '@tensorflow/tfjs-core';
import { uploadInputs } from '../../src/measure/inference';
import { createInputs } from '../models/inputs';
import { loadModel } from '../models/load';
import type { ModelEntry } from '../models/types';
import { ZOO } from '../models/zoo';
import type { Workload } from './workload';

function predict(entry: ModelEntry): Workload {
  return {
    name: entry.name,
    group: 'model',
    floor: entry.stock?.honestFloor ?? entry.stock?.floor,
    async open() {
      const model = await loadModel(entry);
      const inputs = createInputs(entry, 1);
      uploadInputs(inputs);
      return {
        run: () => model.run(inputs) as tf.Tensor[],
        dispose() {
          tf.dispose(inputs);
          model.dispose();
        },
      };
    },
  };
}

export const layersModels: readonly Workload[] = ZOO.filter(
  ({ format }) => format === 'layers',
).map(predict);
