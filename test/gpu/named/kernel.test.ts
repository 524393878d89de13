import { attention, capture, layerNorm, mlp, type WebGPUFusedBackend } from '../../../src/index';
import { wave } from '../../support/gradients';
import { expectClose, tf, trace, useLazy, useReference } from './support';

/** All three, one after the other. */
function block(x: tf.Tensor): tf.Tensor {
  const { sum, normalized } = layerNorm(x, wave([4], 2), wave([4], 3), {
    residual: wave([1, 3, 4], 4),
  });
  const mixed = attention(normalized, normalized, normalized, { causal: true });
  return tf.add(
    sum,
    mlp(mixed, [{ weights: wave([4, 4], 5), bias: wave([4], 6), activation: 'gelu' }]),
  );
}

const input = (): tf.Tensor => wave([1, 3, 4]);

async function expected(): Promise<number[]> {
  await useReference('cpu');
  return tf.tidy(() => [...block(input()).dataSync()]);
}

async function valuesOf(run: () => tf.Tensor): Promise<number[]> {
  const y = tf.tidy(run);
  const values = [...(await y.data())];
  y.dispose();
  return values;
}

test('on stock webgpu they are composed', async () => {
  const wanted = await expected();
  await useReference('webgpu');
  expectClose(await valuesOf(() => block(input())), wanted);
});

test('recorded, a block is one flush of a kernel each', async () => {
  const wanted = await expected();
  await useLazy();
  expectClose(await valuesOf(() => block(input())), wanted);
  expect(trace().kernels).toEqual([
    'WebGPUFusedNorm',
    'WebGPUFusedAttention',
    'WebGPUFusedMlp',
    'Add',
  ]);
  expect(trace().dispatches).toBe(3);
});

test('tf.profile shows them by name', async () => {
  await useLazy();
  const profile = await tf.profile(() => tf.tidy(() => block(input())));
  const names = profile.kernels.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['WebGPUFusedNorm', 'WebGPUFusedAttention']));
  tf.dispose(profile.result);
});

test('a capture replays them', async () => {
  const wanted = await expected();
  await useLazy();
  const x = input();
  const weights = { scale: wave([4], 2), offset: wave([4], 3), residual: wave([1, 3, 4], 4) };
  const dense = { weights: wave([4, 4], 5), bias: wave([4], 6), activation: 'gelu' as const };
  const call = capture((x: tf.Tensor) => {
    const { sum, normalized } = layerNorm(x, weights.scale, weights.offset, weights);
    const mixed = attention(normalized, normalized, normalized, { causal: true });
    return tf.add(sum, mlp(mixed, [dense]));
  });
  for (let i = 0; i < 3; i++) expectClose(await valuesOf(() => call(x)), wanted);
  expect(call.status).toMatchObject({ isReplayed: true, reason: null });
  call.dispose();
  tf.dispose([x, weights, dense.weights, dense.bias]);
});

describe('where compiling is not worth it, what was recorded is composed', () => {
  test('with the same values, and nothing is left behind', async () => {
    const wanted = await expected();
    await useLazy();
    const { exploration } = (tf.backend() as WebGPUFusedBackend).lazy as unknown as {
      exploration: { mayCompile(): boolean };
    };
    const mayCompile = jest.spyOn(exploration, 'mayCompile').mockReturnValue(false);
    try {
      const before = tf.memory();
      const odd = (x: tf.Tensor) => tf.tidy(() => tf.neg(tf.neg(block(x))));
      expectClose(await valuesOf(() => odd(input())), wanted);
      expect(trace().plan).toBe('stock');
      const { numTensors, numDataBuffers, numBytes } = tf.memory();
      expect({ numTensors, numDataBuffers, numBytes }).toEqual({
        numTensors: before.numTensors,
        numDataBuffers: before.numDataBuffers,
        numBytes: before.numBytes,
      });
    } finally {
      mayCompile.mockRestore();
    }
  });
});
