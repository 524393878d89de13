import { useBackend } from '../../support/gpu';
import {
  expectClose,
  expectRun,
  expectHoldings,
  holdings,
  onCpu,
  pair,
  rows,
  TestGraph,
  tf,
  tower,
  values,
} from './support';

beforeEach(() => useBackend(tf, 'webgpu-fused'));

describe('inputs of a warm model', () => {
  test('of alternating shapes', async () => {
    const model = tower().load();
    const feeds = [1, 3, 2, 5].map((count) => values(8 * count, count));
    const expected: Float32Array[][] = [];
    for (const x of feeds) expected.push(await onCpu(tower(), { x }, ['y']));
    for (let round = 0; round < 3; round++) {
      for (const [at, x] of feeds.entries()) await expectRun(model, x, expected[at][0]);
    }
    model.dispose();
  });

  test('of alternating dtypes', async () => {
    const graph = new TestGraph();
    graph.node('x', 'Placeholder', []);
    graph.node('double', 'AddV2', ['x', 'x']);
    graph.node('y', 'Mul', ['double', 'x']);
    const model = graph.load();
    for (let round = 0; round < 3; round++) {
      for (const dtype of ['float32', 'int32'] as const) {
        const x = tf.tensor1d([1, 2, 3], dtype);
        const y = model.execute({ x }, 'y') as tf.Tensor;
        expect(y.dtype).toBe(dtype);
        expect([...(await y.data())]).toEqual([2, 8, 18]);
        tf.dispose([x, y]);
      }
    }
    model.dispose();
  });

  test('may be one tensor twice', async () => {
    const a = values(16, 4);
    const [expected] = await onCpu(pair(), { a, b: a }, ['y']);
    const model = pair().load();
    const x = tf.tensor2d(a, [2, 8]);
    for (let run = 0; run < 3; run++) {
      const y = model.execute({ a: x, b: x }, 'y') as tf.Tensor;
      await expectClose(y, expected);
      y.dispose();
    }
    tf.dispose(x);
    model.dispose();
  });

  test('may be a view of another', async () => {
    const a = values(16, 5);
    const [expected] = await onCpu(pair(), { a, b: a }, ['y']);
    const model = pair().load();
    const flat = tf.tensor1d(a);
    for (let run = 0; run < 3; run++) {
      const views = [tf.reshape(flat, [2, 8]), tf.reshape(flat, [2, 8])];
      const y = model.execute({ a: views[0], b: views[1] }, 'y') as tf.Tensor;
      // The tensor that is looked at goes away before the result is read.
      tf.dispose(views);
      await expectClose(y, expected);
      y.dispose();
    }
    flat.dispose();
    model.dispose();
  });

  test('may be an earlier output', async () => {
    let x = values(16, 6);
    const model = tower().load();
    let tensor: tf.Tensor = tf.tensor2d(x, [2, 8]);
    for (let run = 0; run < 4; run++) {
      [x] = await onCpu(tower(), { x }, ['z']);
      const next = model.execute({ x: tensor }, 'z') as tf.Tensor;
      tensor.dispose();
      tensor = next;
    }
    await expectClose(tensor, x);
    tensor.dispose();
    model.dispose();
  });

  test('may live on another backend', async () => {
    const x = values(24, 7);
    const [expected] = await onCpu(tower(), { x }, ['y']);
    const model = tower().load();
    await expectRun(model, x, expected);
    for (const backend of ['cpu', 'webgpu']) {
      await useBackend(tf, backend);
      const input = tf.tidy(() => tf.add(tf.tensor2d(x, [3, 8]), 0));
      await useBackend(tf, 'webgpu-fused');
      const y = model.execute({ x: input }, 'y') as tf.Tensor;
      await expectClose(y, expected);
      tf.dispose([input, y]);
    }
    model.dispose();
  });

  test.each([false, true])('may be a buffer of the app (zeroCopy: %p)', async (zeroCopy) => {
    const model = tower().load();
    const { device } = tf.backend() as unknown as { device: GPUDevice };
    const { COPY_DST, COPY_SRC, STORAGE } = GPUBufferUsage;
    const buffer = device.createBuffer({ size: 64, usage: STORAGE | COPY_SRC | COPY_DST });
    for (const seed of [1, 2, 3, 4]) {
      const frame = values(16, seed);
      const [expected] = await onCpu(tower(), { x: frame }, ['y']);
      device.queue.writeBuffer(buffer, 0, frame as Float32Array<ArrayBuffer>);
      const input = tf.tensor({ buffer, zeroCopy }, [2, 8]);
      const y = model.execute({ x: input }, 'y') as tf.Tensor;
      await expectClose(y, expected);
      tf.dispose([input, y]);
    }
    model.dispose();
  });

  test('that were disposed of are refused', async () => {
    const model = tower().load();
    const x = values(8);
    const [expected] = await onCpu(tower(), { x }, ['y']);
    await expectRun(model, x, expected);
    const gone = tf.tensor2d(x, [1, 8]);
    gone.dispose();
    expect(() => model.execute({ x: gone }, 'y')).toThrow(/input x that was disposed/);
    await expectRun(model, x, expected);
    model.dispose();
  });
});

describe('outputs of a warm model', () => {
  test('keep their values while it is called a hundred times more', async () => {
    const model = tower().load();
    const seeds = Array.from({ length: 100 }, (_, i) => i);
    const held = seeds.map((seed) => {
      const inputs = rows({ x: values(8, seed) });
      const y = model.execute(inputs, 'y') as tf.Tensor;
      tf.dispose(inputs);
      return y;
    });
    for (const seed of [0, 1, 50, 98, 99]) {
      const [expected] = await onCpu(tower(), { x: values(8, seed) }, ['y']);
      await expectClose(held[seed], expected);
    }
    tf.dispose(held);
    model.dispose();
  });

  test('come from overlapping calls', async () => {
    const model = tower().load();
    const feeds = [1, 2, 3, 4].map((seed) => values(16, seed));
    const running = feeds.map(async (x) => {
      const y = (await model.executeAsync(rows({ x }), 'y')) as tf.Tensor;
      return y.data<'float32'>();
    });
    const actual = await Promise.all(running);
    for (const [at, x] of feeds.entries()) {
      const [expected] = await onCpu(tower(), { x }, ['y']);
      expected.forEach((value, i) => expect(actual[at][i]).toBeCloseTo(value, 4));
    }
    model.dispose();
  });

  test('of two models in turn, and of eager kernels between them', async () => {
    const models = [tower().load(), pair().load()];
    const [a, b] = [values(16, 8), values(16, 9)];
    const [y] = await onCpu(tower(), { x: a }, ['y']);
    const [difference] = await onCpu(pair(), { a: y, b }, ['y']);
    for (let run = 0; run < 5; run++) {
      const result = tf.tidy(() => {
        const first = models[0].execute(rows({ x: a }), 'y') as tf.Tensor;
        const between = tf.sub(tf.add(first, 1), 1);
        return models[1].execute({ a: between, b: tf.tensor2d(b, [2, 8]) }, 'y') as tf.Tensor;
      });
      await expectClose(result, difference);
      result.dispose();
    }
    for (const model of models) model.dispose();
  });
});

describe('a thousand calls', () => {
  test('hold no more than one', async () => {
    const model = tower().load();
    const call = (): void => {
      const inputs = rows({ x: values(16) });
      tf.dispose([inputs, model.execute(inputs, ['y', 'z'])]);
    };
    for (let run = 0; run < 5; run++) call();
    const before = holdings();
    for (let run = 0; run < 1000; run++) call();
    expectHoldings(before);
    model.dispose();
  });

  test('leave nothing behind when the model goes', async () => {
    const warm = tower().load();
    tf.dispose([warm.execute(rows({ x: values(16) }), 'y')]);
    warm.dispose();
    const before = holdings();
    for (let round = 0; round < 20; round++) {
      const model = tower().load();
      const inputs = rows({ x: values(16) });
      tf.dispose([inputs, model.execute(inputs, 'y')]);
      model.dispose();
    }
    expectHoldings(before);
  });
});
