/** What does not change is found out: numbers, and plain tensors that are weights. */
import { capture } from '../../../src/index';
import { expectClose, resident, tf, trace, useLazy } from './support';

async function valuesOf(y: tf.Tensor): Promise<number[]> {
  const values = [...(await y.data())];
  y.dispose();
  return values;
}

/** The same, kernel by kernel. */
async function plainly(program: () => tf.Tensor): Promise<number[]> {
  tf.env().set('WEBGPU_FUSED_LAZY', false);
  const values = await valuesOf(tf.tidy(program));
  tf.env().set('WEBGPU_FUSED_LAZY', true);
  return values;
}

/** Runs, and compares; answers the plans' state and dispatches. */
async function check(program: () => tf.Tensor, tolerance = 1e-5) {
  const actual = await valuesOf(tf.tidy(program));
  const { plan, dispatches } = trace();
  expectClose(actual, await plainly(program), tolerance);
  return { plan, dispatches };
}

beforeEach(useLazy);

function layerNorm(x: tf.Tensor, gain: tf.Tensor, shift: tf.Tensor): tf.Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  const scaled = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5)));
  return tf.add(tf.mul(scaled, gain), shift);
}

/** What apps write instead of `tf.moments`, or of the factor. */
function writtenOut(x: tf.Tensor, gain: tf.Tensor, shift: tf.Tensor): tf.Tensor {
  const centered = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centered), -1, true);
  return tf.add(tf.mul(tf.div(centered, tf.sqrt(tf.add(variance, 1e-5))), gain), shift);
}

describe('layer normalisation is one dispatch', () => {
  test.each([
    ['of moments', layerNorm],
    ['written out', writtenOut],
  ])('%s', async (_form, normalize) => {
    const [gain, shift] = [resident([48], 1), resident([48], 2)];
    const runs = [];
    for (const seed of [3, 4, 5, 6]) {
      runs.push(await check(() => normalize(resident([7, 48], seed), gain, shift)));
    }
    expect(runs.map(({ dispatches }) => dispatches)).toEqual([1, 1, 1, 1]);
    tf.dispose([gain, shift]);
  });

  test('as a layer, for ranks 2 to 4', async () => {
    for (const shape of [
      [5, 12],
      [2, 5, 12],
      [2, 3, 5, 12],
    ]) {
      const layer = tf.layers.layerNormalization();
      for (const seed of [1, 2, 3, 4]) {
        await check(() => layer.apply(resident(shape, seed)) as tf.Tensor);
      }
      expect(trace().dispatches).toBe(1);
      layer.dispose();
    }
  });
});

describe('numbers that change from run to run are operands', () => {
  const runs = async (program: (seed: number) => tf.Tensor) => {
    const dispatches = [];
    for (let seed = 1; seed <= 12; seed++) {
      dispatches.push((await check(() => program(seed))).dispatches);
    }
    return dispatches;
  };

  test('the epsilon of a normalisation', async () => {
    const gain = resident([48], 1);
    const all = await runs((seed) => {
      const x = resident([7, 48], seed);
      const centered = tf.sub(x, tf.mean(x, -1, true));
      const variance = tf.mean(tf.square(centered), -1, true);
      return tf.mul(tf.div(centered, tf.sqrt(tf.add(variance, seed / 1000))), gain);
    });
    expect(new Set(all)).toEqual(new Set([1]));
    gain.dispose();
  });

  test('the scale of an attention', async () => {
    const all = await runs((seed) => {
      const [q, k, v] = [1, 2, 3].map((at) => resident([3, 20, 16], seed + at));
      const scores = tf.mul(tf.matMul(q, k, false, true), 1 / (3 + seed));
      return tf.matMul(tf.softmax(scores), v);
    });
    expect(new Set(all)).toEqual(new Set([1]));
  });
});

describe('numbers', () => {
  test('one that is another one in each run does not cost a plan in each run', async () => {
    const x = resident([3, 40], 1);
    const plans: string[] = [];
    for (let step = 0; step < 40; step++) {
      const run = await check(() => tf.add(tf.mul(tf.tanh(x), 0.1 / (step + 1)), 3));
      plans.push(run.plan);
    }
    expect(plans.filter((plan) => plan === 'miss').length).toBeLessThanOrEqual(3);
    x.dispose();
  });

  test('many that change at different times do not cost a plan each', async () => {
    const x = resident([40], 1);
    const plans: string[] = [];
    for (let step = 0; step < 60; step++) {
      const run = await check(() => {
        let y: tf.Tensor = x;
        for (let i = 0; i < 12; i++) y = tf.tanh(tf.add(y, step > 5 * i ? i : -i));
        return y;
      });
      plans.push(run.plan);
    }
    expect(plans.filter((plan) => plan === 'miss').length).toBeLessThanOrEqual(6);
    x.dispose();
  });

  test('−0, NaN and infinities are told apart', async () => {
    const x = resident([9], 1);
    for (const number of [0, -0, 0, NaN, NaN, Infinity, -Infinity, 1]) {
      await check(() => tf.div(tf.onesLike(x), tf.mul(tf.relu(x), number)));
    }
    x.dispose();
  });

  test('what is computed of them alone is a number', async () => {
    const x = resident([5, 7], 1);
    const run = await check(() => {
      const isMany = tf.cast(tf.greater(tf.scalar(1823), 0), 'float32');
      return tf.mul(tf.sin(x), tf.add(isMany, 1));
    });
    expect(run.dispatches).toBe(1);
    x.dispose();
  });

  test('of other types', async () => {
    const x = tf.tensor1d([1, 2, 300], 'int32');
    for (const number of [2, 2, 2, 7]) {
      await check(() => tf.add(tf.mul(x, tf.scalar(number, 'int32')), tf.scalar(number, 'int32')));
      await check(() => tf.logicalAnd(tf.greater(x, 1), tf.scalar(number > 2, 'bool')));
    }
    x.dispose();
  });
});

describe('tensors', () => {
  /** A convolution and a batch normalization. */
  function block(w: readonly tf.Tensor[]): (x: tf.Tensor) => tf.Tensor {
    const [filter, mean, gain] = w as [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D];
    return (x) => {
      const y = tf.conv2d(x as tf.Tensor4D, filter, 1, 'same');
      return tf.relu(tf.batchNorm(y, mean, tf.square(gain), undefined, gain));
    };
  }

  const weights = (seed: number): tf.Tensor[] => [
    resident([3, 3, 4, 6], seed),
    resident([6], seed + 1),
    resident([6], seed + 2),
  ];

  const image = (seed: number): tf.Tensor => resident([1, 8, 8, 4], seed);

  test('weights are folded once', async () => {
    const w = weights(1);
    const seen = [];
    for (const seed of [1, 2, 3, 4]) seen.push(await check(() => block(w)(image(seed)), 1e-4));
    expect(seen.map(({ dispatches }) => dispatches).at(-1)).toBe(1);
    tf.dispose(w);
  });

  test('data that stay the same are computed with all the same', async () => {
    const [x, w] = [image(1), weights(1)];
    for (let run = 0; run < 6; run++) await check(() => block(w)(x), 1e-4);
    expect(trace().dispatches).toBe(1);
    tf.dispose([x, w]);
  });

  test('weights that are disposed of and made anew', async () => {
    const ids = tf.backend().numDataIds();
    const plans: string[] = [];
    for (let model = 0; model < 12; model++) {
      const w = weights(10 * model);
      for (let seed = 1; seed < 6; seed++) {
        plans.push((await check(() => block(w)(image(seed)), 1e-4)).plan);
      }
      tf.dispose(w);
    }
    expect(plans.filter((plan) => plan === 'miss').length).toBeLessThanOrEqual(8);
    expect(tf.backend().numDataIds()).toBe(ids);
  });

  test('two networks of one architecture in turn', async () => {
    const both = [weights(1), weights(20)];
    const plans: string[] = [];
    for (let run = 0; run < 12; run++) {
      plans.push((await check(() => block(both[run % 2])(image(run)), 1e-4)).plan);
    }
    expect(plans.filter((plan) => plan === 'miss').length).toBeLessThanOrEqual(2);
    tf.dispose(both);
  });

  test('a mask that changes now and then', async () => {
    const w = resident([16, 16], 1);
    const masks = [2, 3, 4].map((seed) => resident([5, 16], seed));
    const plans: string[] = [];
    for (let run = 0; run < 60; run++) {
      const mask = masks[Math.floor(run / 10) % 3];
      const run1 = await check(
        () => tf.matMul(tf.mul(resident([5, 16], run), tf.exp(mask)), w),
        1e-4,
      );
      plans.push(run1.plan);
    }
    expect(plans.filter((plan) => plan === 'miss').length).toBeLessThanOrEqual(4);
    tf.dispose([w, masks]);
  });

  test("a buffer of the app's own may be written to at any time", async () => {
    const { device } = tf.backend() as unknown as { device: GPUDevice };
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
    const buffer = device.createBuffer({ size: 4 * 16, usage });
    const w = tf.tensor({ buffer, zeroCopy: true }, [4, 4]);
    const x = tf.eye(4);
    for (let run = 0; run < 6; run++) {
      const elements = Float32Array.from({ length: 16 }, (_, i) => run + i);
      device.queue.writeBuffer(buffer, 0, elements);
      const y = tf.tidy(() => tf.matMul(tf.add(x, tf.zeros([4, 4])), tf.mul<tf.Tensor2D>(w, 2)));
      expectClose(
        await valuesOf(y),
        [...elements].map((element) => 2 * element),
      );
    }
    tf.dispose([w, x]);
    buffer.destroy();
  });
});

describe('captured calls', () => {
  async function run(f: (x: tf.Tensor) => tf.Tensor, seed: number): Promise<number[]> {
    const x = resident([5, 16], seed);
    const values = await valuesOf(f(x));
    x.dispose();
    return values;
  }

  /** Compares a captured function with itself, uncaptured and unfused. */
  async function follow(fn: (x: tf.Tensor) => tf.Tensor, captured: (x: tf.Tensor) => tf.Tensor) {
    for (let seed = 1; seed < 8; seed++) {
      const actual = await run(captured, seed);
      expectClose(actual, await plainly(() => fn(resident([5, 16], seed))), 1e-4);
    }
  }

  test('replay what was made for constants, and notice that a weight is another one', async () => {
    let w = resident([16, 16], 1);
    const gain = tf.variable(resident([16], 2));
    const fn = (x: tf.Tensor): tf.Tensor =>
      tf.mul(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D), tf.exp(gain));
    const captured = capture(fn);
    await follow(fn, captured);
    expect(captured.status.isReplayed).toBe(true);
    const kept = tf.clone(gain);
    gain.assign(tf.tidy(() => tf.mul(gain, -3)));
    await follow(fn, captured);
    expect(captured.status.isReplayed).toBe(true);
    w.dispose();
    w = resident([16, 16], 5);
    await follow(fn, captured);
    captured.dispose();
    tf.dispose([w, gain, kept]);
  });

  test('an input that is the same in each call stays an input', async () => {
    const w = resident([16, 16], 1);
    const captured = capture((x: tf.Tensor, factor: tf.Tensor) =>
      tf.mul(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D), tf.exp(factor)),
    );
    const factors = [3, 3, 3, 3, 3, 4, 5].map((seed, at, all) =>
      at && all[at - 1] === seed ? null : resident([16], seed),
    );
    let factor = factors[0] as tf.Tensor;
    for (const next of factors) {
      factor = next ?? factor;
      const x = resident([5, 16], 9);
      const [fixed, input] = [factor, x];
      const actual = await valuesOf(captured(x, factor));
      expectClose(
        actual,
        await plainly(() =>
          tf.mul(tf.matMul(input as tf.Tensor2D, w as tf.Tensor2D), tf.exp(fixed)),
        ),
        1e-4,
      );
      x.dispose();
    }
    captured.dispose();
    tf.dispose([w, factors.filter((each) => each !== null)]);
  });

  test('a scalar on the host is noticed', async () => {
    const rate = tf.variable(tf.scalar(0.5));
    const fn = (x: tf.Tensor): tf.Tensor => tf.add(tf.mul(tf.tanh(x), rate), 1);
    const captured = capture(fn);
    await follow(fn, captured);
    expect(captured.status.isReplayed).toBe(true);
    rate.assign(tf.scalar(4));
    await follow(fn, captured);
    captured.dispose();
    rate.dispose();
  });
});
