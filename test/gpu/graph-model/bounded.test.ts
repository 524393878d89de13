/** Values of as many rows as were found: what is computed of them before anyone knows how many, against `cpu`. */
import { explain } from '../../../src/pure';
import { countGpu } from '../../support/count-gpu';
import { settle, useBackend } from '../../support/gpu';
import { attr } from '../../unit/graph-model/support/test-graph';
import { TestGraph, tf, values } from '../capture/support';

const ROWS = 13;
const LIMIT = 5;

type Model = ReturnType<TestGraph['load']>;

/** Adds nodes that take `rows` [n, 4], `column` [n] and `n`, and names the outputs. */
type Add = (graph: TestGraph) => string[];

let made = 0;
const node = (
  graph: TestGraph,
  op: string,
  inputs: string[],
  attrs: Parameters<TestGraph['node']>[3] = {},
): string => {
  const name = `${op}_${made++}`;
  graph.node(name, op, inputs, attrs);
  return name;
};
const ints = (graph: TestGraph, ...numbers: number[]): string => graph.ints(numbers);
const int = (graph: TestGraph, x: number): string => graph.constant(x, [], 'int32');
const pack = (graph: TestGraph, ...inputs: string[]): string =>
  node(graph, 'Pack', inputs, { axis: { i: 0 } });

/** The first `LIMIT` rows, and zeros where there are fewer, as TensorFlow's detectors have it. */
function padOrClip(graph: TestGraph, x: string): string {
  const first = (name: string): string =>
    node(
      graph,
      'StridedSlice',
      [node(graph, 'Shape', [name]), ints(graph, 0), ints(graph, 1), ints(graph, 1)],
      { shrink_axis_mask: { i: 1 } },
    );
  const beyond = node(graph, 'Sub', [first(x), int(graph, LIMIT)]);
  const isLong = node(graph, 'Greater', [beyond, int(graph, 0)]);
  const size = node(graph, 'Select', [isLong, int(graph, LIMIT), int(graph, -1)]);
  const clipped = node(graph, 'Slice', [x, ints(graph, 0, 0), pack(graph, size, int(graph, -1))]);
  const missing = node(graph, 'Sub', [int(graph, LIMIT), first(clipped)]);
  const paddings = node(graph, 'Pack', [ints(graph, 0, 0), pack(graph, missing, int(graph, 0))], {
    axis: { i: 1 },
  });
  return node(graph, 'Pad', [clipped, paddings]);
}

/** What needs no count. */
const TAKEN: Readonly<Record<string, Add>> = {
  elementwise: (g) => [
    node(g, 'Mul', ['rows', g.constant([1, 2, 3, 4])]),
    node(g, 'Exp', ['rows']),
    // Of elements that are known, however many these are.
    node(g, 'Mul', [g.constant(-1), node(g, 'Fill', [pack(g, 'n'), g.constant(2)])]),
    node(g, 'Select', [node(g, 'Greater', ['column', g.constant(0)]), 'column', 'picked']),
  ],
  reductions: (g) => [
    node(g, 'Sum', ['rows', ints(g, 0)]),
    node(g, 'Sum', ['rows', ints(g, 0, 1)]),
    node(g, 'Mean', ['rows', ints(g, 1)]),
    node(g, 'Prod', ['column', ints(g, 0)]),
    node(g, 'Any', [node(g, 'Less', ['rows', g.constant(-0.3)]), ints(g, 0)]),
  ],
  shapes: (g) => [
    node(g, 'Shape', ['rows']),
    node(g, 'Reshape', ['rows', ints(g, -1)]),
    node(g, 'Reshape', ['rows', ints(g, -1, 2, 2)]),
    node(g, 'Reshape', ['rows', pack(g, 'n', int(g, 2), int(g, 2))]),
    node(g, 'ExpandDims', ['rows', int(g, 1)]),
    node(g, 'Transpose', ['rows3', ints(g, 0, 2, 1)]),
  ],
  parts: (g) => {
    const split = node(g, 'Split', [int(g, 1), 'rows'], { num_split: { i: 2 } });
    const unpacked = node(g, 'Unpack', ['rows'], { axis: { i: 1 }, num: { i: 4 } });
    return [
      `${split}:1`,
      `${unpacked}:3`,
      node(g, 'Slice', ['rows', ints(g, 0, 1), ints(g, -1, 2)]),
      node(g, 'Slice', ['rows', ints(g, 0, 0), pack(g, 'few', int(g, 3))]),
      node(g, 'StridedSlice', ['rows', ints(g, 0, 1), ints(g, 0, 3), ints(g, 1, 1)], {
        begin_mask: { i: 1 },
        end_mask: { i: 1 },
      }),
    ];
  },
  joined: (g) => {
    const two = g.constant(values(8, 5), [2, 4]);
    const axis = (at: number): string => int(g, at);
    return [
      node(g, 'ConcatV2', ['rows', two, 'rows', axis(0)], { N: { i: 3 } }),
      node(g, 'ConcatV2', ['rows', 'rows', axis(1)], { N: { i: 2 } }),
      node(
        g,
        'ConcatV2',
        ['column', node(g, 'Fill', [pack(g, 'missing'), g.constant(2)]), axis(0)],
        {
          N: { i: 2 },
        },
      ),
    ];
  },
  padded: (g) => [
    node(g, 'PadV2', [
      'column',
      node(g, 'Pack', [ints(g, 0), pack(g, 'missing')], { axis: { i: 1 } }),
      g.constant(7),
    ]),
    node(g, 'PadV2', ['rows', g.constant([0, 2, 1, 0], [2, 2], 'int32'), g.constant(-1)]),
    padOrClip(g, 'rows'),
  ],
  made: (g) => {
    const range = node(g, 'Range', [int(g, 0), 'few', int(g, 1)], { Tidx: attr.type('int32') });
    return [
      range,
      node(g, 'GatherV2', ['rows', range, int(g, 0)]),
      node(g, 'Fill', [pack(g, 'n', int(g, 2)), g.constant(5)]),
    ];
  },
  sorted: (g) => {
    const sorted = node(g, 'TopKV2', ['column', 'n']);
    // What has no NaN, which cpu leaves where it happens to be.
    const second = node(g, 'Slice', ['x', ints(g, 0, 1), ints(g, -1, 1)]);
    const some = node(g, 'TopKV2', [node(g, 'Reshape', [second, ints(g, -1)]), 'few']);
    const best = node(g, 'GatherV2', ['rows', `${sorted}:1`, int(g, 0)]);
    return [sorted, best, padOrClip(g, best), some, `${some}:1`];
  },
  again: (g) => {
    const where = node(g, 'Where', [node(g, 'Greater', ['rows', g.constant(0)])]);
    const kept = node(g, 'NonMaxSuppressionV3', [
      ...['rows', 'column', int(g, 4), g.constant(0.5), g.constant(-1)],
    ]);
    return [where, kept, node(g, 'GatherV2', ['rows', kept, int(g, 0)])];
  },
};

/** What is computed once the count is known. */
const WAITING: Readonly<Record<string, Add>> = {
  mixed: (g) => [
    node(g, 'Cumsum', ['column', int(g, 0)]),
    node(g, 'Transpose', ['rows', ints(g, 1, 0)]),
    node(g, 'MatMul', ['rows', g.constant(values(8, 3), [4, 2])]),
    node(g, 'ReverseV2', ['rows', ints(g, 0)]),
    node(g, 'Softmax', ['rows']),
    node(g, 'ZerosLike', ['rows']),
    node(g, 'Size', ['rows']),
    node(g, 'StridedSlice', ['column', ints(g, 0), ints(g, 0), ints(g, -1)], {
      begin_mask: { i: 1 },
      end_mask: { i: 1 },
    }),
    node(g, 'All', [node(g, 'Less', ['rows', g.constant(0.95)]), ints(g, 0)]),
  ],
};

function found(add: readonly Add[]): { graph: TestGraph; outputs: string[] } {
  const graph = new TestGraph();
  graph.placeholder('x', 'float32', [ROWS, 4]);
  graph.placeholder('least', 'float32', []);
  graph.node('scores', 'Sum', ['x', ints(graph, 1)]);
  graph.node('isFound', 'Greater', ['scores', 'least']);
  graph.node('where', 'Where', ['isFound']);
  graph.node('picked64', 'Reshape', ['where', ints(graph, -1)]);
  graph.node('rows', 'GatherV2', ['x', 'picked64', int(graph, 0)]);
  graph.node('rows3', 'ExpandDims', ['rows', int(graph, 1)]);
  graph.node('column', 'Sum', ['rows', ints(graph, 1)]);
  graph.node('picked', 'Cast', ['picked64'], { DstT: attr.type('float32') });
  graph.node('shape', 'Shape', ['column']);
  graph.node('n', 'StridedSlice', ['shape', ints(graph, 0), ints(graph, 1), ints(graph, 1)], {
    shrink_axis_mask: { i: 1 },
  });
  graph.node('few', 'Minimum', ['n', int(graph, 3)]);
  graph.node('missing', 'Sub', [int(graph, ROWS), 'n']);
  return { graph, outputs: add.flatMap((one) => one(graph)) };
}

/** No row is found, one, some, all; scores that are equal; NaN, which is not above anything. */
const CASES: readonly (readonly [x: ArrayLike<number>, least: number])[] = [
  [values(4 * ROWS, 1), 9],
  [values(4 * ROWS, 1), 1.2],
  [values(4 * ROWS, 2), 0],
  [values(4 * ROWS, 3), -9],
  [new Float32Array(4 * ROWS).fill(0.25), 0],
  [values(4 * ROWS, 2).map((x, at) => (at % 12 === 0 ? NaN : x)), -0.5],
];

async function answers(model: Model, outputs: string[], [x, least]: (typeof CASES)[number]) {
  const feeds = { x: tf.tensor2d(Float32Array.from(x), [ROWS, 4]), least: tf.scalar(least) };
  const results = [await model.executeAsync(feeds, outputs)].flat();
  const read = await Promise.all(
    results.map(async (y) => ({ shape: y.shape, dtype: y.dtype, data: [...(await y.data())] })),
  );
  tf.dispose([feeds, results]);
  return read;
}

async function compare(adds: readonly Add[]): Promise<Model> {
  jest.spyOn(console, 'warn').mockImplementation();
  await useBackend(tf, 'cpu');
  const { graph, outputs } = found(adds);
  const reference = graph.load();
  const expected: Awaited<ReturnType<typeof answers>>[] = [];
  for (const one of CASES) expected.push(await answers(reference, outputs, one));
  reference.dispose();
  await useBackend(tf, 'webgpu-fused');
  const model = graph.load();
  const before = { tensors: 0 };
  for (let round = 0; round < 2; round++) {
    for (const [at, one] of CASES.entries()) {
      const actual = await answers(model, outputs, one);
      await settle();
      actual.forEach(({ data, ...kind }, output) => {
        const { data: wanted, ...wantedKind } = expected[at][output];
        const where = `${outputs[output]} of case ${at}`;
        expect([where, kind]).toEqual([where, wantedKind]);
        const close = data.every(
          (x, i) =>
            Object.is(x, wanted[i]) ||
            Math.abs(x - wanted[i]) < 1e-4 ||
            (Number.isNaN(x) && Number.isNaN(wanted[i])),
        );
        if (!close) expect([where, data]).toEqual([where, wanted]);
      });
    }
    if (round === 0) before.tensors = tf.memory().numTensors;
    else expect(tf.memory().numTensors).toBe(before.tensors);
  }
  return model;
}

test('what takes rows before their count is known is one region, and one read', async () => {
  const adds = Object.values(TAKEN);
  const model = await compare(adds);
  expect(explain(model).nodes.filter(({ fate }) => fate === 'stock')).toEqual([]);
  expect(explain(model).regions).toHaveLength(1);
  model.dispose();
});

test('what cannot waits for the count', async () => {
  const model = await compare(Object.values(WAITING));
  expect(explain(model).nodes.filter(({ fate }) => fate === 'stock')).toEqual([]);
  expect(explain(model).regions).toHaveLength(2);
  model.dispose();
});

test('results that are as long whatever was found are not waited for', async () => {
  const { graph } = found([]);
  const y = padOrClip(graph, 'rows');
  graph.node('sorted', 'TopKV2', ['column', 'n']);
  graph.node('best', 'GatherV2', ['rows', 'sorted:1', int(graph, 0)]);
  const outputs = [y, padOrClip(graph, 'best'), 'few'];
  const model = graph.load();
  const x = tf.tensor2d(values(4 * ROWS, 2), [ROWS, 4]);
  const least = tf.scalar(0);
  for (let call = 0; call < 4; call++) {
    tf.dispose(await model.executeAsync({ x, least }, outputs));
    await settle();
  }
  const reads = jest.spyOn(GPUBuffer.prototype, 'mapAsync');
  let results: tf.Tensor[] = [];
  const { submits } = await countGpu(async () => {
    results = (await model.executeAsync({ x, least }, outputs)) as tf.Tensor[];
  });
  expect(reads).not.toHaveBeenCalled();
  expect(submits).toBe(1);
  expect(results.map(({ shape }) => shape)).toEqual([[LIMIT, 4], [LIMIT, 4], []]);
  tf.dispose([x, least, results]);
  model.dispose();
});
