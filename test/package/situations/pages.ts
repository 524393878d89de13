/** Pages that load this package: by scripts in any order, twice, in workers, with WebGPU and without. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { BACKEND, CONSUMERS, serveConsumers } from '../support';

/** What a page's console and its promise `result` came to. */
export interface Transcript {
  lines: string[];
  result: unknown;
}

const SCRIPTS = {
  tf: '/node_modules/@tensorflow/tfjs/dist/tf.min.js',
  webgpu: '/node_modules/@tensorflow/tfjs-backend-webgpu/dist/tf-backend-webgpu.min.js',
  fused: '/dist/webgpu-fused.umd.min.js',
  predict: `/${CONSUMERS}/predict.js`,
};
type Script = keyof typeof SCRIPTS;

export const IN_ORDER: readonly Script[] = ['tf', 'webgpu', 'fused'];

const MODEL = '/model/model.json';

function pageOf(scripts: readonly Script[], app: string, before = ''): string {
  const tags = [...scripts, 'predict' as const].map(
    (name) => `<script src="${SCRIPTS[name]}"></script>`,
  );
  return `<!doctype html><meta charset="utf-8"><script>${before}</script>${tags.join('')}<script>${app}</script>`;
}

/** An app that never awaits a backend, and makes variables at its top level. */
const NEVER_AWAITS = `
  const v = tf.variable(tf.tensor1d([1, 2, 3]));
  const optimizer = tf.train.sgd(0.1);
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [3] })] });
  globalThis.result = [tf.sum(v).dataSync()[0], tf.getBackend()];`;

/** The quick start: the backend, a graph model, an answer beside that of cpu. */
const QUICK_START = `
  globalThis.result = (async () => {
    const isSet = await tf.setBackend('${BACKEND}');
    const backend = tf.getBackend();
    const model = await tf.loadGraphModel('${MODEL}');
    const x = tf.ones([1, ...model.inputs[0].shape.slice(1)]);
    const values = await model.predict(x).data();
    await tf.setBackend('cpu');
    const expected = await model.predict(x).data();
    return [isSet, backend, values.every((value, i) => Math.abs(value - expected[i]) < 1e-4)];
  })();`;

/** The same two answers of a model of \`tf\` and of \`explain\`, before and after it is registered. */
const TWO_COPIES = `
  globalThis.result = (async () => {
    await tf.setBackend('${BACKEND}');
    const model = await tf.loadGraphModel('${MODEL}');
    const x = tf.ones([1, ...model.inputs[0].shape.slice(1)]);
    const predict = async () => Array.from(await model.predict(x).data(), (v) => v.toFixed(4)).join();
    const tell = () => { try { return webgpuFused.explain(model).dispatches.after; } catch (e) { return e.message; } };
    const first = await predict();
    const before = tell();
    webgpuFused.register({ tf });
    const isSame = (await predict()) === first;
    return [before, isSame, tell(), webgpuFused.lastTrace() !== null];
  })();`;

const WORKER = `
  importScripts(${[...IN_ORDER, 'predict' as const].map((name) => `'${SCRIPTS[name]}'`).join()});
  onmessage = async ({ data }) => {
    const { expected, outputs } = await predict(tf, webgpuFused, data);
    const { device } = tf.backend();
    postMessage([tf.getBackend(), outputs.every((one) => one.every((v, i) => Math.abs(v - expected[i]) < 1e-4)), device.constructor.name]);
  };`;

/** The quick start in a worker that has no `navigator.gpu`. */
const WORKER_WITHOUT = `
  Object.defineProperty(WorkerNavigator.prototype, 'gpu', { value: undefined });
  importScripts(${IN_ORDER.map((name) => `'${SCRIPTS[name]}'`).join()});
  onmessage = async ({ data }) => {
    const isSet = await tf.setBackend(data.backend);
    const model = await tf.loadGraphModel(data.modelUrl);
    const y = model.predict(tf.ones([1, ...model.inputs[0].shape.slice(1)]));
    postMessage([isSet, tf.getBackend(), (await y.data()).every(Number.isFinite)]);
  };`;

const workers = (script: string, count: number): string => `
  globalThis.result = Promise.all(Array.from({ length: ${count} }, () => new Promise((resolve, reject) => {
    const worker = new Worker('/pages/${script}');
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(message);
    worker.postMessage({ modelUrl: location.origin + '${MODEL}', backend: '${BACKEND}' });
  })));`;

/** Reads after the device is gone: announced by its own \`destroy\`, or by nothing yet. */
const LOST = `
  globalThis.result = (async () => {
    const answers = [];
    tf.env().set('WEBGPU_CPU_FORWARD', false);
    for (const destroy of [(device) => device.destroy(), (device) => GPUDevice.prototype.destroy.call(device)]) {
      if (tf.findBackend('${BACKEND}')) { tf.removeBackend('${BACKEND}'); webgpuFused.register(); }
      await tf.setBackend('${BACKEND}');
      const zeros = tf.mul(tf.tensor1d([1, 2]), 0);
      const read = tf.mul(tf.tensor1d([3, 4]), 2);
      const unread = tf.mul(tf.tensor1d([5, 6]), 2);
      const sums = [zeros, unread].map((t) => tf.add(t, 1));
      sums.map((t) => t.dataSync());
      answers.push(Array.from(zeros.dataSync()).join(), Array.from(read.dataSync()).join());
      destroy(tf.backend().device);
      const outcome = (run) => { try { return Array.from(run()).join(); } catch (error) { return error.message; } };
      answers.push(outcome(() => unread.dataSync()), outcome(() => read.dataSync()));
      await tf.setBackend('cpu');
      answers.push(outcome(() => tf.add(unread, 1).dataSync()));
    }
    return answers;
  })();`;

const RECOVER = `
  globalThis.result = (async () => {
    tf.env().set('WEBGPU_FUSED_RECOVER', true);
    await tf.setBackend('${BACKEND}');
    const model = await tf.loadGraphModel('${MODEL}');
    const x = tf.ones([1, ...model.inputs[0].shape.slice(1)]);
    const predict = async () => Array.from(await model.predict(x).data(), (v) => v.toFixed(4)).join();
    const first = await predict();
    const computed = tf.square(x);
    await tf.add(computed, 1).data();
    const { device } = tf.backend();
    device.destroy();
    await device.lost;
    await tf.ready();
    const again = await predict();
    const gone = await computed.data().then(() => 'read', (error) => error.message);
    return [tf.backend().device !== device, again === first, webgpuFused.explain(model).dispatches.after, gone];
  })();`;

const NO_GPU = `Object.defineProperty(Navigator.prototype, 'gpu', { value: undefined });`;
const NO_ADAPTER = `GPU.prototype.requestAdapter = async () => null;`;

/** Every order of the three scripts. */
export const orders = IN_ORDER.flatMap((first) =>
  IN_ORDER.filter((second) => second !== first).map((second): Script[] => [
    first,
    second,
    ...IN_ORDER.filter((third) => third !== first && third !== second),
  ]),
);

/** A page, and what its user would say of it. */
interface Situation {
  readonly title: string;
  readonly html: string;
}

const of = (title: string, html: string): Situation => ({ title, html });

const worker = (title: string, script: string, count = 1): Situation =>
  of(title, `<!doctype html><script>${workers(script, count)}</script>`);

const PAGES: Readonly<Record<string, Situation>> = {
  'quick-start': of('the quick start', pageOf(IN_ORDER, QUICK_START)),
  'no-webgpu': of('the same in a browser without WebGPU', pageOf(IN_ORDER, QUICK_START, NO_GPU)),
  'no-adapter': of('without an adapter', pageOf(IN_ORDER, QUICK_START, NO_ADAPTER)),
  insecure: of('from http://', pageOf(IN_ORDER, QUICK_START)),
  'never-awaits': of(
    'an app that makes variables at its top level and never awaits',
    pageOf(IN_ORDER, NEVER_AWAITS),
  ),
  'never-awaits-without': of('the same with tfjs alone', pageOf(['tf'], NEVER_AWAITS)),
  'never-awaits-webgpu': of(
    'the same with tfjs and tfjs-backend-webgpu',
    pageOf(['tf', 'webgpu'], NEVER_AWAITS),
  ),
  'never-awaits-no-webgpu': of(
    'the same app with all scripts, in a browser without WebGPU',
    pageOf(IN_ORDER, NEVER_AWAITS, NO_GPU),
  ),
  'awaits-ready': of(
    'an app that awaits tf.ready() and names no backend',
    pageOf(IN_ORDER, `result = tf.ready().then(() => tf.getBackend());`),
  ),
  'without-webgpu-script': of(
    'without the script of tfjs-backend-webgpu',
    pageOf(['tf', 'fused'], NEVER_AWAITS),
  ),
  'twice-after': of(
    'tfjs a second time, after ours',
    pageOf(['tf', 'webgpu', 'fused', 'tf', 'webgpu'], TWO_COPIES),
  ),
  'twice-before': of(
    'tfjs twice, before ours',
    pageOf(['tf', 'webgpu', 'tf', 'webgpu', 'fused'], QUICK_START),
  ),
  workers: worker('two workers with a device each', 'worker.js', 2),
  'worker-no-webgpu': worker('the quick start in a worker without WebGPU', 'worker-without.js'),
  lost: of('reads after the device was lost', pageOf(IN_ORDER, LOST)),
  recover: of('a lost device with WEBGPU_FUSED_RECOVER', pageOf(IN_ORDER, RECOVER)),
  ...Object.fromEntries(
    orders.map((order) => [
      order.join('-'),
      of(`scripts in the order ${order.join(', ')}`, pageOf(order, NEVER_AWAITS)),
    ]),
  ),
};

/** The title of each page. */
export const titles: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(PAGES).map(([name, { title }]) => [name, title]),
);

/** Opens all pages, one after the other, in one browser. */
export async function visitPages(): Promise<Record<string, Transcript>> {
  const pages = Object.entries(PAGES).map(([name, { html }]) => [`/pages/${name}.html`, html]);
  const served = await serveConsumers({
    ...(Object.fromEntries(pages) as Record<string, string>),
    '/pages/worker.js': WORKER,
    '/pages/worker-without.js': WORKER_WITHOUT,
  });
  try {
    const urls = Object.keys(PAGES).map((name) => {
      const origin =
        name === 'insecure' ? served.url.replace('localhost', 'insecure.test') : served.url;
      return `${origin}/pages/${name}.html`;
    });
    const command = [`${CONSUMERS}/transcript.mjs`, ...urls];
    const { stdout } = await promisify(execFile)(process.execPath, command, { timeout: 300_000 });
    const transcripts = stdout
      .trim()
      .split('\n')
      .map((line): [string, Transcript] => {
        const { url, ...transcript } = JSON.parse(line) as Transcript & { url: string };
        return [/([^/]+)\.html$/.exec(new URL(url).pathname)?.[1] ?? '', transcript];
      });
    return Object.fromEntries(transcripts);
  } finally {
    await served.close();
  }
}
