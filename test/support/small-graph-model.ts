/** A small graph model, as a converter would write it: convolution, bias, relu. */

export const INPUT_SHAPE = [1, 8, 8, 3];
const FILTERS = 4;

interface SmallGraphModel {
  /** The content of `model.json`; its weights are in `weights.bin` beside it. */
  json: object;
  weights: Uint8Array;
}

/** Numbers in [-1, 1) that are the same everywhere (mulberry32). */
export function seededNumbers(seed: number, length: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  });
}

export function smallGraphModel(seed = 1): SmallGraphModel {
  const float = { dtype: { type: 'DT_FLOAT' } };
  const type = { T: { type: 'DT_FLOAT' } };
  const shape = (sizes: number[]): object => ({
    shape: { shape: { dim: sizes.map((size) => ({ size: String(size) })) } },
  });
  const weight = (name: string, sizes: number[]): object => ({
    name,
    op: 'Const',
    attr: { ...float, ...shape(sizes) },
  });
  const filter = [3, 3, INPUT_SHAPE[3], FILTERS];
  const node = [
    {
      name: 'image',
      op: 'Placeholder',
      attr: { ...float, ...shape([-1, ...INPUT_SHAPE.slice(1)]) },
    },
    weight('filter', filter),
    weight('bias', [FILTERS]),
    {
      name: 'conv',
      op: 'Conv2D',
      input: ['image', 'filter'],
      attr: {
        ...type,
        strides: { list: { i: ['1', '1', '1', '1'] } },
        dilations: { list: { i: ['1', '1', '1', '1'] } },
        padding: { s: base64('SAME') },
        data_format: { s: base64('NHWC') },
      },
    },
    {
      name: 'biased',
      op: 'BiasAdd',
      input: ['conv', 'bias'],
      attr: { ...type, data_format: { s: base64('NHWC') } },
    },
    { name: 'result', op: 'Relu', input: ['biased'], attr: type },
  ];
  const numbers = seededNumbers(seed, filter.reduce((a, b) => a * b) + FILTERS);
  return {
    json: {
      format: 'graph-model',
      generatedBy: 'webgpu-fused tests',
      convertedBy: null,
      modelTopology: { node, versions: { producer: 1 } },
      weightsManifest: [
        {
          paths: ['weights.bin'],
          weights: [
            { name: 'filter', shape: filter, dtype: 'float32' },
            { name: 'bias', shape: [FILTERS], dtype: 'float32' },
          ],
        },
      ],
    },
    weights: new Uint8Array(numbers.buffer),
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
