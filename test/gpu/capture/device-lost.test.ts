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
    const y = model.execute(rows({ x }), 'y') as tf.Tensor;
    await expect(y.data()).rejects.toThrow(LOST);
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
