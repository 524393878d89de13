/** A graph model of residual blocks and a classifier, as a converter would write it. */
import { seededNumbers } from './small-graph-model';

const CHANNELS = 8;
const SIZE = 16;
const CLASSES = 5;

interface NodeJson {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: object;
}

/** The content of `model.json`, and of `weights.bin` beside it. */
export interface StoredModel {
  readonly json: object;
  readonly weights: Uint8Array;
}

/** @param blocks how many; each is a convolution, its bias, the activation and the sum with its input. */
export function residualGraphModel(blocks: number): StoredModel {
  const type = { T: { type: 'DT_FLOAT' } };
  const nodes: NodeJson[] = [];
  const specs: { name: string; shape: number[]; dtype: string }[] = [];
  const values: number[] = [];
  const dims = (shape: readonly number[]): object => ({
    dtype: { type: 'DT_FLOAT' },
    shape: { shape: { dim: shape.map((size) => ({ size: String(size) })) } },
  });
  const add = (name: string, op: string, input: string[], attr: object = type): string => {
    nodes.push({ name, op, input, attr });
    return name;
  };
  const constant = (name: string, shape: number[], elements?: number[]): string => {
    const size = shape.reduce((a, b) => a * b, 1);
    nodes.push({ name, op: 'Const', attr: dims(shape) });
    specs.push({ name, shape, dtype: elements ? 'int32' : 'float32' });
    const made = elements
      ? new Float32Array(Int32Array.from(elements).buffer)
      : seededNumbers(specs.length, size).map((value) => value / 3);
    values.push(...made);
    return name;
  };
  nodes.push({ name: 'image', op: 'Placeholder', attr: dims([-1, SIZE, SIZE, CHANNELS]) });
  let x = 'image';
  for (let block = 0; block < blocks; block++) {
    const at = (name: string): string => `net/block_${block}/${name}`;
    const filter = constant(at('conv/filter'), [3, 3, CHANNELS, CHANNELS]);
    const conv = add(at('conv'), 'Conv2D', [x, filter], {
      ...type,
      strides: { list: { i: ['1', '1', '1', '1'] } },
      dilations: { list: { i: ['1', '1', '1', '1'] } },
      padding: { s: base64('SAME') },
      data_format: { s: base64('NHWC') },
    });
    const bias = constant(at('conv/bias'), [CHANNELS]);
    const biased = add(at('bias_add'), 'BiasAdd', [conv, bias], {
      ...type,
      data_format: { s: base64('NHWC') },
    });
    x = add(at('add'), 'AddV2', [add(at('relu'), 'Relu6', [biased]), x]);
  }
  const pooled = add('net/mean', 'Mean', [x, constant('net/axes', [2], [1, 2])], {
    ...type,
    keep_dims: { b: false },
  });
  const dense = add('net/dense', 'MatMul', [
    pooled,
    constant('net/dense/kernel', [CHANNELS, CLASSES]),
  ]);
  add('probabilities', 'Softmax', [dense]);
  return {
    json: {
      format: 'graph-model',
      generatedBy: 'webgpu-fused tests',
      convertedBy: null,
      modelTopology: { node: nodes, versions: { producer: 1 } },
      weightsManifest: [{ paths: ['weights.bin'], weights: specs }],
    },
    weights: new Uint8Array(Float32Array.from(values).buffer),
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
