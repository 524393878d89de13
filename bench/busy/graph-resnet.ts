/** ResNet-50 as a graph model, as the converter leaves it: batch norms folded, biases and relus fused. */
import type * as tf from '@tensorflow/tfjs-core';
import { attr, TestGraph } from '../../test/unit/graph-model/support/test-graph';
import type { Program } from './program';
import { type ConvSpec, IMAGE_SIZE, type ImageNetwork, MAX_DISPATCHES, resnet50 } from './resnet';
import { WeightSource } from './weights';

const FLOAT = { T: attr.type('float32') };

class GraphNetwork extends TestGraph implements ImageNetwork<string> {
  private readonly source = new WeightSource();

  conv(x: string, { from, to, filter, stride, isActivated }: ConvSpec): string {
    const weight = this.weight([filter, filter, from, to], 1 / Math.sqrt(filter * filter * from));
    return this.op('_FusedConv2D', [x, weight, this.weight([to], 0.1)], {
      fused_ops: attr.strings(isActivated ? ['BiasAdd', 'Relu'] : ['BiasAdd']),
      num_args: attr.i(1),
      strides: attr.ints([1, stride, stride, 1]),
      dilations: attr.ints([1, 1, 1, 1]),
      padding: attr.s('SAME'),
      data_format: attr.s('NHWC'),
    });
  }

  maxPool(x: string, size: number, stride: number): string {
    return this.op('MaxPool', [x], {
      ksize: attr.ints([1, size, size, 1]),
      strides: attr.ints([1, stride, stride, 1]),
      padding: attr.s('SAME'),
      data_format: attr.s('NHWC'),
    });
  }

  addRelu(a: string, b: string): string {
    return this.op('Relu', [this.op('AddV2', [a, b])]);
  }

  classify(x: string, from: number, to: number): string {
    const mean = this.op('Mean', [x, this.ints([1, 2])], { keep_dims: attr.b(false) });
    const weight = this.weight([from, to], 1 / Math.sqrt(from));
    return this.op('_FusedMatMul', [mean, weight, this.weight([to], 0.1)], {
      fused_ops: attr.strings(['BiasAdd']),
      num_args: attr.i(1),
      transpose_a: attr.b(false),
      transpose_b: attr.b(false),
    });
  }

  private op(op: string, inputs: readonly string[], attrs = {}): string {
    return this.node(`${op}_${this.nodes.length}`, op, inputs, { ...FLOAT, ...attrs });
  }

  private weight(shape: readonly number[], size: number): string {
    return this.constant(this.source.next(shape, size), shape);
  }
}

export function graphResnet(batch: number): Program {
  const shape = [batch, IMAGE_SIZE, IMAGE_SIZE, 3];
  return {
    name: `resnet-50, batch ${batch}, graph model`,
    dispatches: MAX_DISPATCHES,
    inputs: [shape],
    open() {
      const graph = new GraphNetwork();
      graph.node('y', 'Identity', [resnet50(graph, graph.placeholder('x', 'float32', shape))]);
      const model = graph.load();
      return {
        run: ([x]) => model.execute({ x }, 'y') as tf.Tensor,
        dispose: () => model.dispose(),
      };
    },
  };
}
