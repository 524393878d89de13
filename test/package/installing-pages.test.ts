/** What an app in a browser sees that loads this package: by scripts in any order, twice, in workers. */
import { IN_ORDER, orders, visitPages, type Transcript } from './situations/pages';
import { BACKEND } from './support';

let transcripts: Record<string, Transcript>;
beforeAll(async () => {
  transcripts = await visitPages();
}, 300_000);

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

test('without WebGPU an app that never awaits runs as ever', () => {
  const { result } = transcripts['never-awaits-no-webgpu'];
  expect(result).toEqual(transcripts['never-awaits-without'].result);
  expect(said('never-awaits-no-webgpu')).toEqual([]);
});

test('in a worker without WebGPU the quick start runs elsewhere, and one line says why', () => {
  const [isSet, backend, isFinite] = (transcripts['worker-no-webgpu'].result as unknown[][])[0];
  expect([isSet, isFinite]).toEqual([false, true]);
  expect(backend).toMatch(/^(webgl|cpu)$/);
  expect(said('worker-no-webgpu')).toEqual([expect.stringContaining('needs WebGPU. Use Chrome')]);
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
