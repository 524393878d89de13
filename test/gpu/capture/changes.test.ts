import { useBackend } from '../../support/gpu';
import { explain } from '../../../src/graph-model';
import { expectClose, expectRun, onCpu, rows, tf, tower, values } from './support';

const x = values(16, 3);
let expected: Float32Array;

beforeEach(async () => {
  await useBackend(tf, 'webgpu-fused');
  [expected] = await onCpu(tower(), { x }, ['y']);
});

afterEach(() => tf.env().reset());

describe('a warm model after', () => {
  test('a weight was replaced', async () => {
    const model = tower().load();
    await expectRun(model, x, expected);
    const list = (model.weights as unknown as Record<string, tf.Tensor[]>).v;
    const old = list[0];
    list[0] = tf.mul(old, 2);
    const [first] = await onCpu(tower(), { x }, ['mixed']);
    const changed = tf.tidy(() =>
      tf.softmax(tf.matMul(tf.tensor2d(first, [2, 16]), list[0] as tf.Tensor2D)),
    );
    await expectRun(model, x, await changed.data<'float32'>());
    tf.dispose([old, changed]);
    model.dispose();
  });

  test('a weight, being a variable, was assigned', async () => {
    const model = tower().load();
    const list = (model.weights as unknown as Record<string, tf.Tensor[]>).v;
    const variable = tf.variable(list[0]);
    list[0] = variable;
    await expectRun(model, x, expected);
    variable.assign(tf.zeros([16, 8]));
    await expectRun(model, x, new Float32Array(16).fill(1 / 8));
    model.dispose();
  });

  test('a weight was disposed of: an error that says so', async () => {
    const model = tower().load();
    await expectRun(model, x, expected);
    (model.weights as unknown as Record<string, tf.Tensor[]>).v[0].dispose();
    const inputs = rows({ x });
    expect(() => model.execute(inputs, 'y')).toThrow(/weight v that was disposed/);
    inputs.x.dispose();
    model.dispose();
  });

  test('it was disposed of itself: an error', async () => {
    const model = tower().load();
    await expectRun(model, x, expected);
    model.dispose();
    const inputs = rows({ x });
    expect(() => model.execute(inputs, 'y')).toThrow(/disposed/);
    inputs.x.dispose();
  });

  test('it was disposed of while a call was under way', async () => {
    const model = tower().load();
    await expectRun(model, x, expected);
    const inputs = rows({ x });
    const y = model.execute(inputs, 'y') as tf.Tensor;
    const later = model.executeAsync(inputs, 'y');
    model.dispose();
    await expectClose(y, expected);
    await later.then(
      (tensor) => expectClose(tensor as tf.Tensor, expected),
      (error: Error) => expect(error.message).toMatch(/disposed/),
    );
    tf.dispose([inputs, y]);
  });

  test('the backend was switched and switched back', async () => {
    const model = tower().load();
    await expectRun(model, x, expected);
    // Stock cannot read back in Node: what it had last goes to this backend directly.
    for (const backend of ['cpu', 'cpu', 'webgpu', 'webgpu']) {
      await useBackend(tf, backend);
      await expectRun(model, x, expected);
      await useBackend(tf, 'webgpu-fused');
      await expectRun(model, x, expected);
      await expectRun(model, x, expected);
    }
    model.dispose();
  });

  test.each(['WEBGPU_FUSED_CAPTURE', 'WEBGPU_FUSED_REWRITE', 'KEEP_INTERMEDIATE_TENSORS'])(
    '%s was changed, and changed back',
    async (name) => {
      const model = tower().load();
      const was = tf.env().getBool(name);
      for (const value of [was, !was, was, !was, was]) {
        tf.env().set(name, value);
        await expectRun(model, x, expected);
        await expectRun(model, x, expected);
      }
      model.disposeIntermediateTensors();
      model.dispose();
    },
  );

  test('a call within tf.profile, which names its kernels', async () => {
    const model = tower().load();
    const inputs = rows({ x });
    tf.dispose(model.execute(inputs, 'y'));
    const { kernels } = await tf.profile(() => model.execute(inputs, 'y'));
    expect(kernels.map(({ name }) => name)).toEqual(['WebGPUFusedRegion']);
    const [{ plan }] = explain(model).regions;
    for (const { label } of plan?.kernels ?? []) expect(kernels[0].extraInfo).toContain(label);
    const { kernelMs } = await tf.time(() => tf.dispose(model.execute(inputs, 'y')));
    expect(kernelMs).toEqual(expect.any(Number));
    await expectRun(model, x, expected);
    tf.dispose(inputs);
    model.dispose();
  });

  test('a call in debug mode, which names its kernels', async () => {
    const model = tower().load();
    await expectRun(model, x, expected);
    const printed = jest.spyOn(console, 'log').mockImplementation(() => undefined);
    const warned = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    tf.env().set('DEBUG', true);
    await expectRun(model, x, expected);
    // tfjs prints a kernel when its time and its values have been read.
    while (printed.mock.calls.length === 0) await new Promise((done) => setTimeout(done, 10));
    tf.env().set('DEBUG', false);
    const lines = printed.mock.calls.map((parts) => parts.join(' '));
    printed.mockRestore();
    warned.mockRestore();
    const [{ plan }] = explain(model).regions;
    expect(lines[0]).toContain('WebGPUFusedRegion');
    for (const { label } of plan?.kernels ?? []) expect(lines[0]).toContain(label);
    await expectRun(model, x, expected);
    model.dispose();
  });
});
