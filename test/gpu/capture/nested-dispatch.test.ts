/** Dispatches of a watched call inside of which waiting operands are dispatched. */
import * as tf from '@tensorflow/tfjs-core';
import { BACKEND_NAME, type WebGPUFusedBackend } from '../../../src/index';
import { CallWatcher } from '../../../src/capture/call-watcher';
import { releaseWatched, type WatchedDispatch } from '../../../src/capture/watched-call';
import { internalsOf } from '../../../src/host/internals';
import { useBackend } from '../../support/gpu';

test('each keeps uniforms of its own, and gives them back once', async () => {
  await useBackend(tf, BACKEND_NAME);
  const backend = tf.backend() as WebGPUFusedBackend;
  const internals = internalsOf(backend);
  const [x, y, z] = [1, 2, 3].map((value) => tf.tensor1d([value]));
  for (const tensor of [x, y, z]) backend.uploadToGPU(tensor.dataId);
  const watcher = new CallWatcher(backend, [x]);
  for (const { dataId } of [y, z]) watcher.create(dataId);
  const program = { dispatch: [1, 1, 1], pipeline: {} };
  const write = (value: number) => internals.makeUniforms([{ type: 'int32', data: [value] }]);
  const waiting = internals.uniformPendingDisposal.length;
  watcher.dispatch(program, [y], () => {
    watcher.dispatch(program, [x], () => {
      write(11);
      return y;
    });
    write(22);
    return z;
  });
  expect(internals.uniformPendingDisposal).toHaveLength(waiting);
  const watched = watcher.finish([z]);
  const steps = watched.steps as readonly WatchedDispatch[];
  expect(steps.map(({ uniformKey }) => uniformKey)).toEqual(['[["11"]]', '[["22"]]']);
  expect(steps.map(({ inputs, output }) => [...inputs, output])).toEqual([[0, 1], [1, 2]]); // prettier-ignore
  expect(steps[0].uniforms).not.toBe(steps[1].uniforms);
  expect(() => releaseWatched(watched, backend)).not.toThrow();
  // Uniforms outside of a watched call go the way that stock has for them.
  write(33);
  expect(internals.uniformPendingDisposal).toHaveLength(waiting + 1);
});
