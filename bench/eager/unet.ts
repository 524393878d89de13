/** A 3-D U-Net over 64³ voxels, as for segmenting scans: layers as Keras has them, a dispatch for each window. */
import { layers, model, initializers, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { uploadInputs } from '../../src/measure/inference';
import type { Workload } from './workload';

const SIDE = 64;

/** Convolutions, transposed ones and pools: what has a loop of its own. */
const WINDOWS = 11 + 2 + 2;

let seed = 1;
const kernelInitializer = () => initializers.heNormal({ seed: seed++ });

const convolve = (x: SymbolicTensor, filters: number): SymbolicTensor =>
  layers
    .conv3d({ filters, kernelSize: 3, padding: 'same', activation: 'relu', ...weights() })
    .apply(x) as SymbolicTensor;

const weights = () => ({
  kernelInitializer: kernelInitializer(),
  biasInitializer: initializers.randomUniform({ minval: -0.1, maxval: 0.1, seed: seed++ }),
});

function network() {
  seed = 1;
  const input = layers.input({ shape: [SIDE, SIDE, SIDE, 1] });
  const level = (x: SymbolicTensor, filters: number): SymbolicTensor =>
    convolve(convolve(x, filters), filters);
  const down = (x: SymbolicTensor): SymbolicTensor =>
    layers.maxPooling3d({ poolSize: 2, strides: 2 }).apply(x) as SymbolicTensor;
  const up = (x: SymbolicTensor, skip: SymbolicTensor, filters: number): SymbolicTensor => {
    const options = { filters, kernelSize: 2, strides: 2, padding: 'same' as const };
    const larger = layers.conv3dTranspose({ ...options, ...weights() }).apply(x);
    return layers.concatenate().apply([larger as SymbolicTensor, skip]) as SymbolicTensor;
  };
  const first = level(input, 8);
  const second = level(down(first), 16);
  const third = level(down(second), 32);
  const back = level(up(third, second, 16), 16);
  const whole = level(up(back, first, 8), 8);
  const classes = layers.conv3d({ filters: 1, kernelSize: 1, activation: 'sigmoid', ...weights() });
  return model({ inputs: input, outputs: classes.apply(whole) as SymbolicTensor });
}

export const unet: readonly Workload[] = [
  {
    name: '3-D U-Net, 64³',
    group: 'model',
    floor: WINDOWS,
    async open() {
      const net = network();
      const x = tf.randomUniform([1, SIDE, SIDE, SIDE, 1], -1, 1, 'float32', 4);
      uploadInputs({ x });
      return {
        run: () => [net.predict(x) as tf.Tensor],
        dispose() {
          x.dispose();
          net.dispose();
        },
      };
    },
  },
];
