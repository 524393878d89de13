/** What an app in a browser sees that loads this package: by scripts in any order, twice, in workers. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { BACKEND, CONSUMERS, serveConsumers, type Served } from './support';

/** What a page's console and its promise `result` came to. */
interface Transcript {
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

const IN_ORDER: readonly Script[] = ['tf', 'webgpu', 'fused'];

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

const TWO_WORKERS = `
  globalThis.result = Promise.all([1, 2].map(() => new Promise((resolve, reject) => {
    const worker = new Worker('/pages/worker.js');
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

const orders = IN_ORDER.flatMap((first) =>
  IN_ORDER.filter((second) => second !== first).map((second): Script[] => [
    first,
    second,
    ...IN_ORDER.filter((third) => third !== first && third !== second),
  ]),
);

const PAGES: Readonly<Record<string, string>> = {
  'quick-start': pageOf(IN_ORDER, QUICK_START),
  'no-webgpu': pageOf(IN_ORDER, QUICK_START, NO_GPU),
  'no-adapter': pageOf(IN_ORDER, QUICK_START, NO_ADAPTER),
  insecure: pageOf(IN_ORDER, QUICK_START),
  'never-awaits': pageOf(IN_ORDER, NEVER_AWAITS),
  'never-awaits-without': pageOf(['tf'], NEVER_AWAITS),
  'never-awaits-webgpu': pageOf(['tf', 'webgpu'], NEVER_AWAITS),
  'awaits-ready': pageOf(IN_ORDER, `result = tf.ready().then(() => tf.getBackend());`),
  'without-webgpu-script': pageOf(['tf', 'fused'], NEVER_AWAITS),
  'twice-after': pageOf(['tf', 'webgpu', 'fused', 'tf', 'webgpu'], TWO_COPIES),
  'twice-before': pageOf(['tf', 'webgpu', 'tf', 'webgpu', 'fused'], QUICK_START),
  workers: `<!doctype html><script>${TWO_WORKERS}</script>`,
  lost: pageOf(IN_ORDER, LOST),
  recover: pageOf(IN_ORDER, RECOVER),
  ...Object.fromEntries(orders.map((order) => [order.join('-'), pageOf(order, NEVER_AWAITS)])),
};

let served: Served;
const transcripts: Record<string, Transcript> = {};

beforeAll(async () => {
  const pages: [string, string][] = Object.entries(PAGES).map(([name, html]) => [
    `/pages/${name}.html`,
    html,
  ]);
  served = await serveConsumers({ ...Object.fromEntries(pages), '/pages/worker.js': WORKER });
  const urls = Object.keys(PAGES).map((name) => {
    const origin =
      name === 'insecure' ? served.url.replace('localhost', 'insecure.test') : served.url;
    return `${origin}/pages/${name}.html`;
  });
  const command = [`${CONSUMERS}/transcript.mjs`, ...urls];
  const { stdout } = await promisify(execFile)(process.execPath, command, { timeout: 300_000 });
  for (const line of stdout.trim().split('\n')) {
    const { url, ...transcript } = JSON.parse(line) as Transcript & { url: string };
    transcripts[/(\S+)\.html$/.exec(new URL(url).pathname.replace('/pages/', ''))?.[1] ?? ''] =
      transcript;
  }
}, 300_000);

afterAll(() => served.close());

/** What this package said on a page; nothing else may be said but by stock. */
function said(page: string): string[] {
  return transcripts[page].lines.filter((line) => line.includes('[webgpu-fused]'));
}

test('with WebGPU the quick start runs fused, and nothing is said', () => {
  expect(transcripts['quick-start'].result).toEqual([true, BACKEND, true]);
  expect(said('quick-start')).toEqual([]);
});

test.each([
  ['no-webgpu', 'got a browser without navigator.gpu; needs WebGPU. Use Chrome'],
  [
    'no-adapter',
    'got no WebGPU adapter; needs a GPU that the browser lets pages use. Look at chrome://gpu',
  ],
  [
    'insecure',
    'that is not a secure context; needs WebGPU, which browsers give to secure pages only. Serve',
  ],
])('%s: the quick start runs elsewhere, and one line says why', (page, why) => {
  const { result } = transcripts[page];
  expect(result).toEqual([false, expect.stringMatching(/^(webgl|cpu)$/), true]);
  expect(said(page)).toEqual([expect.stringContaining(why)]);
  expect(said(page)[0]).toMatch(/The app runs on '(webgl|cpu)'\.$/);
});

test('an app that never awaits runs as without the scripts', () => {
  expect(transcripts['never-awaits'].result).toEqual(transcripts['never-awaits-without'].result);
  expect(transcripts['never-awaits'].result).toEqual([6, expect.stringMatching(/^(webgl|cpu)$/)]);
  expect(said('never-awaits')).toEqual([]);
});

test('an app that loads tfjs-backend-webgpu and awaits has it for its default, as without ours', () => {
  expect(transcripts['awaits-ready'].result).toBe('webgpu');
});

test.each(orders.map((order) => [order.join('-'), order] as const))(
  'scripts in the order %s: the app runs as without ours, and one line says what must come first',
  (page, order) => {
    const [tf, webgpu, fused] = IN_ORDER.map((name) => order.indexOf(name));
    // Stock throws where nobody awaits; ours, in its place, has it passed over.
    const isStock = tf < webgpu && fused < webgpu;
    const same = isStock ? 'never-awaits-webgpu' : 'never-awaits-without';
    expect(transcripts[page].result).toEqual(transcripts[same].result);
    const first =
      fused < tf ? 'got no global tf; needs the script of @tensorflow/tfjs (tf.min.js)'
      : tf < webgpu && webgpu < fused ? null
      : 'without WebGPUBackend; needs the script of @tensorflow/tfjs-backend-webgpu'; // prettier-ignore
    expect(said(page)).toEqual(first === null ? [] : [expect.stringContaining(first)]);
  },
);

test('without the script of tfjs-backend-webgpu one line names it', () => {
  expect(transcripts['without-webgpu-script'].result).toEqual(
    transcripts['never-awaits-without'].result,
  );
  expect(said('without-webgpu-script')).toHaveLength(1);
});

test('a copy of tfjs that is loaded later takes nothing away, and its models can be registered', () => {
  const [before, isSame, after, isFused] = transcripts['twice-after'].result as unknown[];
  expect(before).toMatch(/explain: got a model of a GraphModel that is not registered.*register\(/);
  expect([isSame, after, isFused]).toEqual([true, 1, true]);
  expect(said('twice-after')).toEqual([expect.stringMatching(/got those of webgpu once more/)]);
});

test('a copy of tfjs that was loaded before, by a library, is none of our business', () => {
  expect(transcripts['twice-before'].result).toEqual([true, BACKEND, true]);
  expect(said('twice-before')).toEqual([]);
});

test('two workers have a device each', () => {
  const answer = [BACKEND, true, 'GPUDevice'];
  expect(transcripts.workers.result).toEqual([answer, answer]);
});

test('after the device is lost, reads throw, whether it has said so or not', () => {
  const lost = expect.stringMatching(/got a GPU device that was lost/) as unknown;
  // Zeros that are zeros; what was read before; what was not; and moved to cpu.
  const answers = ['0,0', '6,8', lost, '6,8', lost];
  expect(transcripts.lost.result).toEqual([...answers, ...answers]);
});

test('with WEBGPU_FUSED_RECOVER the page goes on', () => {
  const lost = expect.stringMatching(/device that was lost/) as unknown;
  expect(transcripts.recover.result).toEqual([true, true, 1, lost]);
  expect(said('recover')).toEqual([expect.stringMatching(/needs another, which is asked for now/)]);
});
