/** Pixels as tensors: read as textures by whatever needs them, with stock's answers. */
import type { WebGPUFusedBackend } from '../../../src/backend/backend';
import { compilePlan } from '../../../src/compiler/compile';
import type { Frame } from '../../../src/host/frames';
import { tensorData } from '../../../src/host/internals';
import { GraphBuilder } from '../../../src/ir/builder';
import { readFrame } from '../../../src/ir/frame';
import { capture } from '../../../src/pure';
import { verify } from '../../../src/verify';
import { allowBitmaps, bitmap, type PlainBitmap } from '../../support/bitmaps';
import { countGpu } from '../../support/count-gpu';
import { takeGpuErrors } from '../../support/gpu';
import { smallGraphModel } from '../../support/small-graph-model';
import { compare, resident, tf, trace, useLazy } from './support';

let restore: () => void;
beforeAll(() => (restore = allowBitmaps()));
afterAll(() => restore());
beforeEach(() => useLazy());

/** What the elements of a bitmap's tensor have to be. */
function elementsOf(source: ImageBitmap, channels: number): number[] {
  const { data } = source as unknown as PlainBitmap;
  return Array.from(data).filter((_, i) => i % 4 < channels);
}

const SIZES = [
  [1, 1],
  [13, 17],
] as const;

describe.each(SIZES)('a frame of %d by %d pixels', (width, height) => {
  test.each([1, 2, 3, 4])('of %d channels has the elements of its pixels', async (channels) => {
    const source = bitmap(width, height);
    const x = tf.browser.fromPixels(source, channels);
    expect([x.shape, x.dtype]).toEqual([[height, width, channels], 'int32']);
    expect(Array.from(await x.data())).toEqual(elementsOf(source, channels));
    x.dispose();
  });

  test.each([1, 2, 3, 4])('of %d channels is read by the kernel after it', async (channels) => {
    const source = bitmap(width, height);
    const x = tf.tidy(() => tf.browser.fromPixels(source, channels).toFloat().mul(2));
    const { dispatches } = await countGpu(async () => {
      expect(Array.from(await x.data())).toEqual(elementsOf(source, channels).map((v) => 2 * v));
    });
    expect(dispatches).toBe(1);
    x.dispose();
  });
});

const filter = (channels: number): tf.Tensor4D => resident([3, 3, channels, 8], 5) as tf.Tensor4D;

/** From an image to a convolution. */
const FRONTS: Readonly<Record<string, (image: tf.Tensor3D) => tf.Tensor>> = {
  'a convolution': (image) =>
    tf.conv2d(image.toFloat().div(127.5).sub<tf.Tensor3D>(1), filter(3), 2, 'same'),
  'resize and a convolution': (image) =>
    tf.conv2d(
      tf.image.resizeBilinear(image, [12, 10]).sub([1, 2, 3]).div<tf.Tensor3D>(58.4),
      filter(3),
      2,
      'valid',
    ),
  'a padded batch of one': (image) =>
    tf.conv2d(
      tf.pad(image.expandDims<tf.Tensor4D>(0).toFloat(), [
        [0, 0],
        [1, 2],
        [0, 1],
        [0, 0],
      ]),
      filter(3),
      1,
      'valid',
    ),
  'nearest, reversed': (image) => tf.image.resizeNearestNeighbor(tf.reverse(image, 1), [6, 9]),
  'a mean of it': (image) => tf.mean(image.toFloat().mul(2), [0, 1]),
  'a transpose of it': (image) => tf.transpose(image.toFloat().mul(2), [2, 0, 1]),
  'a product of its rows': (image) =>
    tf.matMul(image.toFloat().reshape([-1, 3]), resident([3, 5], 3)),
};

describe.each(Object.entries(FRONTS))('%s', (_, front) => {
  test('answers as for a tensor, in as many dispatches', async () => {
    const source = bitmap(23, 19);
    const run = async (make: () => tf.Tensor3D): Promise<[ArrayLike<number>, number]> => {
      let values: ArrayLike<number> = [];
      const once = async (): Promise<void> => {
        const y = tf.tidy(() => front(make()));
        values = await y.data();
        y.dispose();
      };
      for (let call = 0; call < 3; call++) await once();
      const { dispatches } = await countGpu(once);
      return [values, dispatches];
    };
    const given = tf.tensor3d(elementsOf(source, 3), [19, 23, 3], 'int32');
    const [expected, withTensor] = await run(() => tf.clone(given));
    const [actual, withFrame] = await run(() => tf.browser.fromPixels(source));
    expect(withFrame).toBe(withTensor);
    expect(Array.from(actual, Math.fround)).toEqual(Array.from(expected, Math.fround));
    given.dispose();
  });
});

function held(): unknown {
  const { numTensors, numDataBuffers, numBytesInGPU } = tf.memory() as tf.MemoryInfo & {
    numBytesInGPU: number;
  };
  return { numTensors, numDataBuffers, numBytesInGPU, ids: tf.backend().numDataIds() };
}

test('frames that follow each other need no pipeline and hold nothing', async () => {
  const pipelines = jest.spyOn(GPUDevice.prototype, 'createComputePipeline');
  const textures = jest.spyOn(GPUDevice.prototype, 'createTexture');
  const weights = filter(3);
  const step = async (seed: number): Promise<void> => {
    const y = tf.tidy(() =>
      tf.conv2d(
        tf.browser
          .fromPixels(bitmap(29, 31, seed))
          .toFloat()
          .div<tf.Tensor3D>(255),
        weights,
        2,
        'same',
      ),
    );
    await y.data();
    y.dispose();
  };
  for (let seed = 1; seed < 6; seed++) await step(seed);
  const before = held();
  pipelines.mockClear();
  textures.mockClear();
  for (let seed = 6; seed < 40; seed++) await step(seed);
  expect(held()).toEqual(before);
  expect(pipelines).not.toHaveBeenCalled();
  expect(textures).not.toHaveBeenCalled();
  weights.dispose();
  pipelines.mockRestore();
  textures.mockRestore();
});

describe('a frame', () => {
  test('is painted over without its tensor noticing', async () => {
    const source = bitmap(9, 4);
    const expected = elementsOf(source, 3);
    const x = tf.browser.fromPixels(source);
    (source as unknown as PlainBitmap).data.fill(0);
    const sum = x.toFloat().add(1);
    expect(Array.from(await sum.data())).toEqual(expected.map((value) => value + 1));
    expect(Array.from(await x.data())).toEqual(expected);
    tf.dispose([x, sum]);
  });

  test('is read twice, over tasks, under other shapes, and freed with the last of them', async () => {
    const before = held();
    const source = bitmap(6, 4);
    const x = tf.browser.fromPixels(source);
    const flat = x.reshape([8, 9]);
    const copy = x.clone();
    x.dispose();
    await new Promise((resolve) => setTimeout(resolve, 0));
    const first = tf.tidy(() => flat.add(1));
    await first.data();
    const second = tf.tidy(() => copy.toFloat().mul(2));
    expect(Array.from(await second.data())).toEqual(elementsOf(source, 3).map((v) => 2 * v));
    expect(Array.from(await first.data())).toEqual(elementsOf(source, 3).map((v) => v + 1));
    expect(Array.from(await flat.data())).toEqual(elementsOf(source, 3));
    tf.dispose([flat, copy, first, second]);
    expect(held()).toEqual(before);
  });

  test('may be one of more than a shader can bind', async () => {
    const sources = Array.from({ length: 40 }, (_, seed) => bitmap(4, 4, seed));
    const run = (): tf.Tensor =>
      tf.tidy(() => {
        const frames = sources.map((source) => tf.browser.fromPixels(source));
        return tf.addN(frames.map((frame, i) => frame.toFloat().mul(i + 1)));
      });
    const expected = elementsOf(sources[0], 3).map((_, at) =>
      sources.reduce((sum, source, i) => sum + (i + 1) * elementsOf(source, 3)[at], 0),
    );
    for (let call = 0; call < 2; call++) {
      const y = run();
      expect(Array.from(await y.data())).toEqual(expected);
      y.dispose();
    }
  });

  test('launches nothing where nobody reads it', async () => {
    const { dispatches } = await countGpu(async () => {
      tf.browser.fromPixels(bitmap(6, 4)).dispose();
      await new Promise((resolve) => setTimeout(resolve, 0));
    });
    expect(dispatches).toBe(0);
  });

  test('is read by kernels of stock, and by cpu', async () => {
    const source = bitmap(8, 4);
    await compare(() =>
      tf.image.transform(tf.browser.fromPixels(source).expandDims<tf.Tensor4D>(0).toFloat(), [
        [1, 0, 1, 0, 1, 0, 0, 0],
      ]),
    );
    const x = tf.browser.fromPixels(source);
    await tf.setBackend('cpu');
    expect(Array.from(await x.add(1).data())).toEqual(elementsOf(source, 3).map((v) => v + 1));
    x.dispose();
    await useLazy();
  });

  test('that one flush reads as a texture is a buffer to the next kernel of stock', async () => {
    const source = bitmap(8, 4);
    const x = tf.browser.fromPixels(source);
    const waits = x.toFloat().mul(2);
    const values = await x.data();
    expect(Array.from(await waits.data())).toEqual(Array.from(values, (v) => 2 * v));
    tf.dispose([x, waits]);
  });

  test('is taken by stock where kernels do not wait, and a trace says why', async () => {
    tf.env().set('WEBGPU_FUSED_LAZY', false);
    const source = bitmap(5, 3);
    const x = tf.browser.fromPixels(source);
    expect(Array.from(await x.data())).toEqual(elementsOf(source, 3));
    x.dispose();
    tf.env().set('WEBGPU_FUSED_LAZY', true);
    await tf.tidy(() => resident([3], 1).add(1)).data();
    expect(trace().left).toContainEqual({
      kernel: 'FromPixels',
      reason: 'WEBGPU_FUSED_LAZY is off',
    });
  });
});

test('a captured function is replayed with frames, and answers as it does with tensors', async () => {
  const weights = filter(3);
  const body = (x: tf.Tensor): tf.Tensor =>
    tf.conv2d(x.toFloat().div<tf.Tensor3D>(255), weights, 2, 'same').relu();
  const fn = capture(body);
  const stock = capture((x: tf.Tensor) =>
    tf.unsortedSegmentSum(
      tf.bincount(x.reshape<tf.Tensor1D>([-1]), [], 256),
      tf.zeros([256], 'int32'),
      1,
    ),
  );
  for (let seed = 1; seed < 7; seed++) {
    const source = bitmap(14, 10, seed);
    const x = tf.browser.fromPixels(source);
    const plain = tf.tensor3d(elementsOf(source, 3), [10, 14, 3], 'int32');
    const expected = tf.tidy(() => body(plain));
    const wanted = await expected.data();
    const counts = await countGpu(async () => {
      const y = fn(x);
      expect(Array.from(await y.data())).toEqual(Array.from(wanted));
      y.dispose();
    });
    if (seed > 3) expect([fn.status.isReplayed, counts.dispatches]).toEqual([true, 1]);
    const counted = stock(x);
    const total = await counted.data();
    expect(total[0]).toBe(14 * 10 * 3);
    tf.dispose([x, plain, expected, counted]);
  }
  fn.dispose();
  stock.dispose();
  weights.dispose();
});

test('what reads a frame is verified by its elements', async () => {
  const image = tf.browser.fromPixels(bitmap(9, 7));
  const read = (): tf.Tensor => tf.tidy(() => tf.relu(tf.sub(tf.mul(image.toFloat(), 2), 100)));
  const { ok, plans, text } = await verify(read);
  expect({ ok, text: ok ? '' : text }).toEqual({ ok: true, text: '' });
  expect(plans).toBeGreaterThan(0);
  const y = read();
  expect((await y.data())[0]).toBe(Math.max(0, 2 * elementsOf(bitmap(9, 7), 3)[0] - 100));
  tf.dispose([image, y]);
});

test('a graph model reads a frame in its first kernel', async () => {
  const { json, weights } = smallGraphModel();
  const model = await tf.loadGraphModel({
    load: () =>
      Promise.resolve({
        ...(json as tf.io.ModelArtifacts),
        modelTopology: (json as { modelTopology: object }).modelTopology,
        weightSpecs: (json as { weightsManifest: { weights: tf.io.WeightsManifestEntry[] }[] })
          .weightsManifest[0].weights,
        weightData: weights.buffer as ArrayBuffer,
      }),
  });
  const run = async (make: () => tf.Tensor): Promise<[number, Float32Array]> => {
    let values = new Float32Array();
    const once = async (): Promise<void> => {
      const y = tf.tidy(() => model.predict(make().toFloat().expandDims(0)) as tf.Tensor);
      values = (await y.data()) as Float32Array<ArrayBuffer>;
      y.dispose();
    };
    for (let call = 0; call < 3; call++) await once();
    return [(await countGpu(once)).dispatches, values];
  };
  const source = bitmap(8, 8);
  const [withTensor, expected] = await run(() =>
    tf.tensor3d(elementsOf(source, 3), [8, 8, 3], 'int32'),
  );
  const [withFrame, actual] = await run(() => tf.browser.fromPixels(source));
  expect(withFrame).toBe(withTensor);
  expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 4));
  model.dispose();
});

describe('a frame that the browser lends', () => {
  const backend = (): WebGPUFusedBackend => tf.backend() as WebGPUFusedBackend;
  /** As for a video: the texture is gone when the task ends. */
  const lend = (source: ImageBitmap): tf.Tensor3D => {
    const x = tf.browser.fromPixels(source);
    const data = tensorData(backend(), x.dataId);
    data.frame = { ...(data.frame as Frame), isExternal: true };
    backend().lazy.noteFrame(x.dataId);
    return x;
  };
  const endOfTask = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

  test('has elements of its own from the end of the task on', async () => {
    const before = held();
    const source = bitmap(10, 6);
    const x = lend(source);
    const { dispatches } = await countGpu(endOfTask);
    expect([dispatches, tensorData(backend(), x.dataId).frame]).toEqual([1, undefined]);
    expect(Array.from(await x.data())).toEqual(elementsOf(source, 3));
    x.dispose();
    expect(held()).toEqual(before);
  });

  test('costs nothing where it is disposed of in time', async () => {
    const before = held();
    const { dispatches } = await countGpu(async () => {
      lend(bitmap(10, 6)).dispose();
      await endOfTask();
    });
    expect(dispatches).toBe(0);
    expect(held()).toEqual(before);
  });

  test('is read by a shader that the driver takes', async () => {
    const b = new GraphBuilder();
    b.graph.outputs.push(readFrame(b, { shape: [6, 10, 3], isExternal: true }));
    const plan = compilePlan(b.graph, backend().target, 'external');
    for (const { program, label } of plan.dispatches) backend().pipelines.get(program, label);
    expect(await takeGpuErrors()).toEqual([]);
    await backend().validation.settle();
    expect(backend().validation.hasRejected).toBe(false);
  });
});
