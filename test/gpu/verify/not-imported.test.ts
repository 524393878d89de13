/** `WEBGPU_FUSED_VERIFY` without the subpath that would do it: a line says what to import. */
import * as tf from '@tensorflow/tfjs-core';
import { register } from '../../../src/pure';
import { useBackend } from '../../support/gpu';

register();

test('one line says what to import', async () => {
  await useBackend(tf, 'webgpu-fused');
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  tf.env().set('WEBGPU_FUSED_VERIFY', true);
  for (const size of [40, 50, 60]) {
    const x = tf.randomUniform([size, 64]);
    await tf.tidy(() => tf.softmax(tf.matMul(x, x, true))).data();
  }
  expect(warn.mock.calls).toEqual([
    [expect.stringMatching(/needs import 'tfjs-backend-webgpu-fused\/verify' in front/)],
  ]);
  warn.mockRestore();
});
