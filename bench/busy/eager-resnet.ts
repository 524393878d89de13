/** ResNet-50 as eager code, with `tf.fused.conv2d`. */
import * as tf from '@tensorflow/tfjs-core';
import type { Program } from './program';
import { type ConvSpec, IMAGE_SIZE, type ImageNetwork, MAX_DISPATCHES, resnet50 } from './resnet';
import { WeightSource } from './weights';

/** Takes its weights in the order of its calls, and makes those that it has not got yet. */
class EagerNetwork implements ImageNetwork<tf.Tensor4D> {
  readonly weights: tf.Variable[] = [];
  private readonly source = new WeightSource();
  private at = 0;

  run(image: tf.Tensor4D): tf.Tensor {
    this.at = 0;
    return resnet50<tf.Tensor4D>(this, image);
  }

  conv(x: tf.Tensor4D, { from, to, filter, stride, isActivated }: ConvSpec): tf.Tensor4D {
    const shape = [filter, filter, from, to];
    return tf.fused.conv2d({
      x,
      filter: this.weight<tf.Rank.R4>(shape, 1 / Math.sqrt(filter * filter * from)),
      strides: stride,
      pad: 'same',
      bias: this.weight([to], 0.1),
      activation: isActivated ? 'relu' : 'linear',
    });
  }

  maxPool(x: tf.Tensor4D, size: number, stride: number): tf.Tensor4D {
    return tf.maxPool(x, size, stride, 'same');
  }

  addRelu(a: tf.Tensor4D, b: tf.Tensor4D): tf.Tensor4D {
    return tf.relu(tf.add(a, b));
  }

  classify(x: tf.Tensor4D, from: number, to: number): tf.Tensor4D {
    const a = tf.mean<tf.Tensor2D>(x, [1, 2]);
    const b = this.weight<tf.Rank.R2>([from, to], 1 / Math.sqrt(from));
    return tf.fused.matMul({ a, b, bias: this.weight([to], 0.1) }) as tf.Tensor4D;
  }

  private weight<R extends tf.Rank>(shape: number[], size: number): tf.Tensor<R> {
    if (this.at === this.weights.length) {
      const initial = tf.tensor(this.source.next(shape, size), shape);
      this.weights.push(tf.keep(tf.variable(initial, false)));
    }
    return this.weights[this.at++] as tf.Tensor as tf.Tensor<R>;
  }
}

export function eagerResnet(batch: number): Program {
  return {
    name: `resnet-50, batch ${batch}, eager`,
    dispatches: MAX_DISPATCHES,
    inputs: [[batch, IMAGE_SIZE, IMAGE_SIZE, 3]],
    open() {
      const network = new EagerNetwork();
      return {
        run: ([image]) => network.run(image as tf.Tensor4D),
        dispose: () => tf.dispose(network.weights),
      };
    },
  };
}
