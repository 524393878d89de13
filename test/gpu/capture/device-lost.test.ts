import { takeGpuErrors, useBackend } from '../../support/gpu';
import { expectRun, onCpu, rows, tf, tower, values } from './support';

const LOST = /device that was lost \(destroyed/;
const x = values(16, 3);
let expected: Float32Array;

/** A backend with a device of its own: the one before was destroyed. */
async function renewBackend(): Promise<void> {
  const factory = tf.findBackendFactory('webgpu-fused');
  tf.removeBackend('webgpu-fused');
  tf.registerBackend('webgpu-fused', factory, 2);
  await useBackend(tf, 'webgpu-fused');
}

const device = (): GPUDevice => (tf.backend() as unknown as { device: GPUDevice }).device;

beforeEach(async () => {
  await useBackend(tf, 'webgpu-fused');
  [expected] = await onCpu(tower(), { x }, ['y']);
});

afterEach(async () => {
  await takeGpuErrors();
  await renewBackend();
});

describe('a device that is destroyed', () => {
  test('between calls: the next call says so', async () => {
    const model = tower().load();
    await expectRun(model, x, expected);
    const inputs = rows({ x });
    device().destroy();
    await device().lost;
    expect(() => model.execute(inputs, 'y')).toThrow(LOST);
    await expect(model.executeAsync(inputs, 'y')).rejects.toThrow(LOST);
  });

  test('after a call, before its result is read: the read says so', async () => {
    const model = tower().load();
    await expectRun(model, x, expected);
    const y = model.execute(rows({ x }), 'y') as tf.Tensor;
    device().destroy();
    await expect(y.data()).rejects.toThrow(LOST);
  });

  test('while a result is being read: the read says so, or is right', async () => {
    const model = tower().load();
    await expectRun(model, x, expected);
    const y = model.execute(rows({ x }), 'y') as tf.Tensor;
    const reading = y.data();
    device().destroy();
    await reading.then(
      (read) => expect(read).toHaveLength(expected.length),
      (error: Error) => expect(error.message).toMatch(LOST),
    );
  });

  test('and a call in the same task: nothing is answered wrongly', async () => {
    const model = tower().load();
    await expectRun(model, x, expected);
    device().destroy();
    expect(() => model.execute(rows({ x }), 'y')).toThrow(LOST);
  });

  test('before a model has run: the first call says so, and nothing else is said', async () => {
    const model = tower().load();
    device().destroy();
    const warn = jest.spyOn(console, 'warn');
    expect(() => model.execute(rows({ x }), 'y')).toThrow(LOST);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  test('eager code says so at the next op, and when what waited is read', async () => {
    const waiting = tf.relu(tf.tensor1d([-1, 1]));
    device().destroy();
    expect(() => tf.relu(waiting)).toThrow(LOST);
    await expect(waiting.data()).rejects.toThrow(LOST);
    expect(() => waiting.dataSync()).toThrow(LOST);
  });

  test('moving a tensor to another backend says so', async () => {
    const y = tf.relu(tf.tensor1d([-1, 1, 2]));
    await y.data();
    const z = tf.square(y);
    device().destroy();
    await tf.setBackend('cpu');
    // What the host knows it keeps.
    expect([...tf.add(y, 1).dataSync()]).toEqual([1, 2, 3]);
    expect(() => tf.add(z, 1)).toThrow(LOST);
  });

  test('does not keep a new backend from running the model, loaded anew', async () => {
    device().destroy();
    await device().lost;
    await takeGpuErrors();
    await renewBackend();
    const model = tower().load();
    await expectRun(model, x, expected);
    model.dispose();
  });
});
