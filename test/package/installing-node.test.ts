/** What a Node app sees that imports this package, with WebGPU and without. */
import { runScript, runSituation, SITUATIONS } from './situations/scripts';
import { BACKEND } from './support';

test('a script of four lines computes, and ends', async () => {
  const { code, out, said } = await runSituation(SITUATIONS.quickStart);
  expect({ code, out, said }).toEqual({ code: 0, out: [`${BACKEND} 4 5 3 6`], said: [] });
});

test('the same by require()', async () => {
  const { code, out, said } = await runSituation(SITUATIONS.required);
  expect({ code, out, said }).toEqual({ code: 0, out: [`${BACKEND} 4 5`], said: [] });
});

test('the process waits for what is awaited: pipelines, reads, work', async () => {
  const { code, out } = await runScript(`
    import * as tf from '@tensorflow/tfjs';
    import 'tfjs-backend-webgpu-fused/node';
    await tf.setBackend('webgpu-fused');
    const { device } = tf.backend();
    const module = device.createShaderModule({ code: '@compute @workgroup_size(1) fn main() {}' });
    device.createComputePipelineAsync({ layout: 'auto', compute: { module } }).then(() => console.log('compiled'));
    tf.matMul(tf.ones([64, 64]), tf.ones([64, 64])).data().then(([one]) => console.log('read', one));
    device.queue.onSubmittedWorkDone().then(() => console.log('done'));`);
  expect([code, ...out.sort()]).toEqual([0, 'compiled', 'done', 'read 64']);
});

test.each([
  ['nothing more', '', 0],
  ['work that nobody reads', 'tf.square(tf.ones([512, 512]));', 0],
  [
    'process.exit() in the middle of a read',
    'tf.square(tf.ones([512, 512])).data(); process.exit(3);',
    3,
  ],
  ['a device that was destroyed', 'tf.backend().device.destroy();', 0],
  ['an exception', "tf.square(tf.ones([512])).data(); throw new Error('of the app');", 1],
])('a process with a device ends as it should, with %s', async (_what, rest, expected) => {
  const { code, said } = await runScript(`
    import * as tf from '@tensorflow/tfjs';
    import 'tfjs-backend-webgpu-fused/node';
    await tf.setBackend('webgpu-fused');
    await tf.square([1, 2]).data();
    ${rest}`);
  expect({ code, said }).toEqual({ code: expected, said: [] });
});

test('without WebGPU an app runs as without the import', async () => {
  const without = await runSituation(SITUATIONS.neverAwaitsWithout);
  const { code, out, said } = await runSituation(SITUATIONS.neverAwaits);
  expect({ code, out, said }).toEqual({ code: 0, out: ['6 cpu'], said: [] });
  expect(without.out).toEqual(out);
});

test('with WebGPU, too, until it asks for the backend', async () => {
  const { out, said } = await runSituation(SITUATIONS.neverAwaitsOnNode);
  expect({ out, said }).toEqual({ out: ['6 cpu', 'cpu true 6'], said: [] });
});

test('an app that only awaits tf.ready() has its own default', async () => {
  const { out } = await runScript(`
    import * as tf from '@tensorflow/tfjs';
    import 'tfjs-backend-webgpu-fused/node';
    await tf.ready();
    console.log(tf.getBackend());`);
  expect(out).toEqual(['cpu']);
});

test('an app that imports tfjs-backend-webgpu before keeps it for its default', async () => {
  const { out } = await runScript(`
    import { create, globals } from 'webgpu';
    Object.assign(globalThis, globals, { navigator: { gpu: create([]) } });
    const tf = await import('@tensorflow/tfjs');
    await import('@tensorflow/tfjs-backend-webgpu');
    await import('tfjs-backend-webgpu-fused');
    await tf.ready();
    console.log(tf.getBackend(), await tf.setBackend('webgpu-fused'));`);
  expect(out).toEqual(['webgpu true']);
});

test.each([
  [
    SITUATIONS.mainEntry.title,
    SITUATIONS.mainEntry,
    'got a runtime without navigator.gpu; needs WebGPU, in Node from the npm package webgpu. Run npm install webgpu',
  ],
  [
    SITUATIONS.noDriver.title,
    SITUATIONS.noDriver,
    'got no WebGPU adapter; needs a GPU with a driver for Vulkan, Metal or Direct3D 12',
  ],
])('%s: setBackend answers false and one line says why', async (_title, situation, why) => {
  const { code, out, said } = await runSituation(situation);
  expect({ code, out }).toEqual({ code: 0, out: ['false cpu 2'] });
  expect(said).toEqual([expect.stringContaining(why)]);
  expect(said[0]).toMatch(/The app runs on 'cpu'\.$/);
});

test('importing pure changes no default either', async () => {
  const { out } = await runScript(`
    import 'tfjs-backend-webgpu-fused/node';
    import * as tf from '@tensorflow/tfjs';
    import * as pure from 'tfjs-backend-webgpu-fused/pure';
    pure.register();
    await tf.ready();
    console.log(tf.getBackend());`);
  expect(out).toEqual(['cpu']);
});

test('a flag of an older tfjs in the process changes nothing', async () => {
  const { out } = await runScript(`
    import * as tf from '@tensorflow/tfjs';
    import * as fused from 'tfjs-backend-webgpu-fused/node';
    tf.env().registerFlag('CHECK_COMPUTATION_FOR_ERRORS', () => true);
    await tf.setBackend('webgpu-fused');
    for (let run = 0; run < 3; run++) await tf.tidy(() => tf.relu(tf.sin(tf.cos(tf.ones([2000]).mul(2))))).data();
    console.log(fused.lastTrace().dispatches);`);
  expect(out).toEqual(['1']);
});
