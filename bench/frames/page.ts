/** Runs in the page: a model on the frames of a generated video, on this backend and on stock. */
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-webgpu';
import '../../src/index';
import { GpuInstrument } from '../../src/measure/instrument';
import { summarize } from '../../src/measure/statistics';
import { CopyClock } from './copy-clock';
import type { FramesResult, SourceName } from './sources';

const WIDTH = 320;
const HEIGHT = 180;
const MODEL = '/bench/models/meet/meet.json';
const OWN = 'webgpu-fused';

type Source = HTMLVideoElement | HTMLCanvasElement | ImageBitmap;

/** Paints frame `at` of an animation. */
function paint(canvas: HTMLCanvasElement, at: number): void {
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  const gradient = context.createLinearGradient(0, 0, WIDTH, HEIGHT);
  gradient.addColorStop(0, `hsl(${at * 7}, 80%, 50%)`);
  gradient.addColorStop(1, `hsl(${at * 13 + 90}, 60%, 30%)`);
  context.fillStyle = gradient;
  context.fillRect(0, 0, WIDTH, HEIGHT);
  context.fillStyle = `hsl(${at * 29}, 70%, 60%)`;
  context.beginPath();
  context.arc((at * 11) % WIDTH, (at * 5) % HEIGHT, 40, 0, 7);
  context.fill();
}

function makeCanvas(): HTMLCanvasElement {
  return Object.assign(document.createElement('canvas'), { width: WIDTH, height: HEIGHT });
}

/** Records the animation, and plays it over and over. */
async function makeVideo(): Promise<HTMLVideoElement> {
  const canvas = makeCanvas();
  paint(canvas, 0);
  const recorder = new MediaRecorder(canvas.captureStream(30), { mimeType: 'video/webm' });
  const chunks: Blob[] = [];
  recorder.ondataavailable = ({ data }) => chunks.push(data);
  const stopped = new Promise((resolve) => (recorder.onstop = resolve));
  recorder.start();
  for (let at = 0; at < 60; at++) {
    paint(canvas, at);
    await new Promise((resolve) => setTimeout(resolve, 33));
  }
  recorder.stop();
  await stopped;
  const video = document.createElement('video');
  Object.assign(video, { muted: true, loop: true, playsInline: true });
  video.src = URL.createObjectURL(new Blob(chunks, { type: 'video/webm' }));
  document.body.append(video);
  await video.play();
  return video;
}

/** Whether the browser lends textures of a video; headless ones without a GPU do not, to stock neither. */
async function lendsTextures(video: HTMLVideoElement): Promise<boolean> {
  const device = await (await navigator.gpu.requestAdapter())?.requestDevice();
  try {
    device?.importExternalTexture({ source: video });
    return device !== undefined;
  } catch {
    return false;
  } finally {
    device?.destroy();
  }
}

/** Gives the frame with a number, or the next one of a video. */
async function makeSource(name: SourceName): Promise<(at: number) => Promise<Source>> {
  if (name === 'video') {
    const video = await makeVideo();
    tf.env().set('WEBGPU_IMPORT_EXTERNAL_TEXTURE', await lendsTextures(video));
    return async () => {
      await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
      return video;
    };
  }
  const canvas = makeCanvas();
  return async (at) => {
    paint(canvas, at);
    return name === 'canvas' ? canvas : createImageBitmap(canvas);
  };
}

/** What an app makes of the pixels, and the model of that. */
function predict(model: tf.GraphModel, pixels: tf.Tensor3D): tf.Tensor {
  const image = tf.image.resizeBilinear(pixels, [144, 256]).div(255).expandDims(0);
  return model.predict(image) as tf.Tensor;
}

async function use(name: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`The backend ${name} failed to initialise.`);
}

/** Milliseconds that stock takes to make a tensor of the pixels. */
async function timeStock(pixels: () => tf.Tensor): Promise<number> {
  await use('webgpu');
  const start = performance.now();
  const tensor = pixels();
  const js = performance.now() - start;
  await tensor.data();
  tensor.dispose();
  await use(OWN);
  return js;
}

/** Runs and reads one frame; `js` is the time until everything is on its way. */
async function call(run: () => tf.Tensor): Promise<{ values: Float32Array; js: number }> {
  const start = performance.now();
  const y = tf.tidy(run);
  const reading = y.data();
  const js = performance.now() - start;
  const values = (await reading) as Float32Array;
  y.dispose();
  return { values, js };
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i] - b[i]));
  return most;
}

function rangeOf(values: Float32Array): number {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return high - low;
}

/**
 * Measures one kind of source.
 *
 * @param compareEvery how many frames pass between two that stock computes as well.
 */
async function measure(
  name: SourceName,
  frames: number,
  compareEvery: number,
): Promise<FramesResult> {
  const gpu = new GpuInstrument();
  gpu.install();
  const copies = new CopyClock();
  const next = await makeSource(name);
  await use('webgpu');
  const stock = await tf.loadGraphModel(MODEL);
  await use(OWN);
  const model = await tf.loadGraphModel(MODEL);
  const given = tf.randomUniform<tf.Rank.R3>([HEIGHT, WIDTH, 3], 0, 255, 'int32', 1);
  await call(() => tf.add(given, 0));
  const count = async (run: () => tf.Tensor): Promise<[number, number, Float32Array, number]> => {
    gpu.start();
    const { values, js } = await call(run);
    const { dispatches, pipelines } = gpu.read();
    return [dispatches, pipelines, values, js];
  };
  const seen = { own: new Set<number>(), tensor: new Set<number>(), stock: new Set<number>() };
  const times: number[] = [];
  const timesOfTensor: number[] = [];
  const timesOfCopy: number[] = [];
  const timesOfStock: number[] = [];
  let pipelines = 0;
  let pixelError = 0;
  let error = 0;
  let before: tf.MemoryInfo | null = null;
  for (let at = 0; at < frames; at++) {
    const source = await next(at);
    const withTensor = await count(() => predict(model, tf.clone(given)));
    const pixels = (): tf.Tensor3D => tf.browser.fromPixels(source);
    const another = async (): Promise<Source> => (name === 'bitmap' ? source : next(at));
    const fresh = await another();
    const isCompared = at % compareEvery === 0;
    if (isCompared && fresh instanceof HTMLVideoElement) fresh.pause();
    copies.start();
    const withFrame = await count(() => predict(model, pixels()));
    const copied = copies.read();
    if (isCompared) {
      const ownPixels = await call(pixels);
      await use('webgpu');
      const stockPixels = await call(pixels);
      const [dispatches, , values] = await count(() => predict(stock, pixels()));
      await use(OWN);
      seen.stock.add(dispatches);
      pixelError = Math.max(pixelError, largestDifference(ownPixels.values, stockPixels.values));
      const difference = largestDifference(withFrame[2], values) / rangeOf(values);
      error = Math.max(error, difference);
      if (fresh instanceof HTMLVideoElement) await fresh.play();
    }
    // What has been drawn once is drawn faster: each way has a frame, or a fresh painting, of its own.
    await another();
    const ofStock = (await timeStock(pixels)) + withTensor[3];
    if (source instanceof ImageBitmap) source.close();
    if (at === 2) before = tf.memory();
    // Of a stream's first runs, constants are still looked for.
    if (at < 8) continue;
    pipelines += withFrame[1];
    seen.own.add(withFrame[0]);
    seen.tensor.add(withTensor[0]);
    times.push(withFrame[3]);
    timesOfTensor.push(withTensor[3]);
    timesOfCopy.push(copied);
    timesOfStock.push(ofStock);
  }
  const after = tf.memory() as unknown as Record<string, number>;
  const growth = Object.fromEntries(
    ['numTensors', 'numDataBuffers', 'numBytesInGPU'].map((key) => [
      key,
      after[key] - (before as unknown as Record<string, number>)[key],
    ]),
  );
  gpu.uninstall();
  copies.uninstall();
  return {
    isExternal: name === 'video' && tf.env().getBool('WEBGPU_IMPORT_EXTERNAL_TEXTURE'),
    ...{ source: name, frames, pipelines, pixelError, error, growth },
    dispatches: [...seen.own],
    dispatchesOfTensor: [...seen.tensor],
    stockDispatches: [...seen.stock],
    js: summarize(times),
    jsOfTensor: summarize(timesOfTensor),
    jsOfCopy: summarize(timesOfCopy),
    jsOfStock: summarize(timesOfStock),
  };
}

Object.assign(globalThis, { measureFrames: measure });
