/** Layers that the upscaler models define for themselves, as their packages do. */
import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';

const single = (inputs: tf.Tensor | tf.Tensor[]): tf.Tensor =>
  Array.isArray(inputs) ? inputs[0] : inputs;

class MultiplyBeta extends layers.Layer {
  static className = 'MultiplyBeta';

  constructor() {
    super({});
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.mul(single(inputs), 0.2);
  }
}

function pixelShuffle(scale: number) {
  return class extends layers.Layer {
    static className = `PixelShuffle${scale}x`;

    constructor() {
      super({});
    }

    override computeOutputShape([batch, height, width]: number[]): number[] {
      return [batch, height && height * scale, width && width * scale, 3];
    }

    override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
      return tf.depthToSpace(single(inputs) as tf.Tensor4D, scale, 'NHWC');
    }
  };
}

/** Makes the layers known to `loadLayersModel`. */
export function registerCustomLayers(): void {
  tf.serialization.registerClass(MultiplyBeta);
  for (const scale of [2, 3, 4]) tf.serialization.registerClass(pixelShuffle(scale));
}
