import { resident, tf, trace, useLazy, useReference } from './support';
import { MAX_SEGMENT } from '../../../src/eager/exploration';

interface Counts {
  numTensors: number;
  numDataBuffers: number;
  numBytes: number;
  dataIds: number;
}

function counts(): Counts {
  const { numTensors, numDataBuffers, numBytes } = tf.memory();
  return { numTensors, numDataBuffers, numBytes, dataIds: tf.backend().numDataIds() };
}

type Step = (kept: tf.Tensor[]) => void;

/** Programs that note what is held after each step. */
const PROGRAMS: Readonly<Record<string, readonly Step[]>> = {
  'tidy frees what it does not return': [
    (kept) => kept.push(resident([32], 1)),
    (kept) => kept.push(tf.tidy(() => tf.relu(tf.add(tf.mul(kept[0], 2), 1)))),
  ],
  'keep survives tidy': [
    (kept) => kept.push(resident([32], 1)),
    (kept) =>
      kept.push(
        tf.tidy(() => {
          const inner = tf.keep(tf.add(kept[0], 1));
          kept.push(inner);
          return tf.mul(inner, 2);
        }),
      ),
  ],
  'disposing what a waiting kernel reads': [
    (kept) => kept.push(resident([32], 1)),
    (kept) => kept.push(tf.add(kept[0], 1)),
    (kept) => kept[0].dispose(),
    (kept) => kept.push(tf.mul(kept[1], 2)),
    (kept) => kept[1].dispose(),
  ],
  'disposing a value that was never read': [
    (kept) => kept.push(resident([32], 1)),
    (kept) => kept.push(tf.add(kept[0], 1)),
    (kept) => kept.push(tf.exp(kept[1])),
    (kept) => kept[2].dispose(),
    (kept) => kept[1].dispose(),
    (kept) => kept[0].dispose(),
  ],
  'views share data': [
    (kept) => kept.push(resident([32], 1)),
    (kept) => kept.push(tf.reshape(tf.add(kept[0], 1), [4, 8])),
    (kept) => kept.push(tf.clone(kept[1])),
    (kept) => kept[1].dispose(),
    (kept) => kept.push(tf.mul(kept[2], 3)),
  ],
  'complex parts': [
    (kept) => kept.push(resident([32], 1)),
    (kept) => kept.push(tf.complex(tf.add(kept[0], 1), tf.mul(kept[0], 2))),
    (kept) => kept.push(tf.real(kept[1])),
    (kept) => kept[1].dispose(),
  ],
};

async function runProgram(steps: readonly Step[]) {
  const kept: tf.Tensor[] = [];
  const start = counts();
  const noted: Counts[] = [];
  tf.engine().startScope();
  for (const step of steps) {
    step(kept);
    const now = counts();
    noted.push({
      numTensors: now.numTensors - start.numTensors,
      numDataBuffers: now.numDataBuffers - start.numDataBuffers,
      numBytes: now.numBytes - start.numBytes,
      dataIds: now.dataIds - start.dataIds,
    });
  }
  const values: number[][] = [];
  for (const tensor of kept) {
    if (!tensor.isDisposed && tensor.dtype !== 'complex64') values.push([...(await tensor.data())]);
  }
  tf.engine().endScope();
  tf.dispose(kept);
  const end = counts();
  return { noted, values, leaked: end.dataIds - start.dataIds };
}

describe('tf.memory() and the data ids look as on stock', () => {
  test.each(Object.entries(PROGRAMS))('%s', async (_name, steps) => {
    await useReference('webgpu');
    const expected = await runProgram(steps);
    await useLazy();
    const actual = await runProgram(steps);
    expect(actual.noted).toEqual(expected.noted);
    expect(actual.leaked).toBe(0);
    expect(actual.values.map((list) => list.map((v) => v.toFixed(4)))).toEqual(
      expected.values.map((list) => list.map((v) => v.toFixed(4))),
    );
  });

  test('values disposed unread leave no bytes on the GPU', async () => {
    await useLazy();
    const x = resident([1024], 1);
    const before = tf.memory() as tf.MemoryInfo & { numBytesInGPU: number };
    tf.tidy(() => void tf.exp(tf.add(x, 1)));
    await Promise.resolve();
    expect(tf.memory()).toMatchObject({ numBytesInGPU: before.numBytesInGPU });
    x.dispose();
  });
});

describe('when waiting kernels run', () => {
  beforeEach(useLazy);

  test('at the end of the task', async () => {
    const x = resident([64], 1);
    const y = tf.add(x, 1);
    await Promise.resolve();
    expect(trace()).toMatchObject({ why: 'task-end', kernels: ['Add'] });
    tf.dispose([x, y]);
  });

  test('when a kernel that cannot wait reads a value', () => {
    const x = resident([64], 1);
    const image = tf.reshape<tf.Rank.R3>(tf.add(x, 1), [4, 4, 4]);
    const normalized = tf.localResponseNormalization(image);
    expect(trace()).toMatchObject({ why: 'kernel LRN', kernels: ['Add'] });
    expect(trace().left).toContainEqual({
      kernel: 'LRN',
      reason: 'no kernel family computes it yet',
    });
    tf.dispose([x, normalized]);
  });

  test('when a value is handed out as a GPU buffer', () => {
    const x = resident([64], 1);
    const y = tf.add(x, 1);
    const { tensorRef } = y.dataToGPU();
    expect(trace().why).toBe('read-gpu');
    tf.dispose([x, y, tensorRef]);
  });

  test('in tf.time', async () => {
    const x = resident([64], 1);
    await tf.time(() => tf.tidy(() => tf.mul(tf.add(x, 1), 2)).dispose());
    const kept: tf.Tensor[] = [];
    const info = await tf.time(() => kept.push(tf.mul(tf.add(x, 1), 2)));
    expect(trace()).toMatchObject({ why: 'time', dispatches: 1 });
    expect(info.kernelMs).toBeDefined();
    tf.dispose([x, ...kept]);
  });

  test('after too many', () => {
    const x = resident([64], 1);
    tf.tidy(() => {
      let value: tf.Tensor = x;
      for (let i = 0; i < MAX_SEGMENT; i++) value = tf.add(value, 1);
      expect(trace()).toMatchObject({ why: 'count' });
      return [];
    });
    x.dispose();
  });

  test('not in tf.profile, and the trace says why', async () => {
    const x = resident([64], 1);
    const profile = await tf.profile(() => tf.relu(tf.add(x, 1)));
    expect(profile.kernelNames).toEqual(['Add', 'Relu']);
    const y = tf.add(x, 1);
    await y.data();
    expect(trace().left).toContainEqual({ kernel: 'Add', reason: 'tf.profile is running' });
    tf.dispose([x, y, profile.result]);
  });

  test('a caller may change its array after the call', async () => {
    const values = new Float32Array(2000).fill(3);
    const x = tf.tensor1d(values);
    const y = tf.add(x, 1);
    values.fill(100);
    expect((await y.data())[0]).toBe(4);
    tf.dispose([x, y]);
  });

  test('tiny values on the CPU are computed there', async () => {
    const x = tf.tensor1d([1, 2, 3]);
    const before = trace();
    const y = tf.add(x, 1);
    expect(await y.data()).toEqual(new Float32Array([2, 3, 4]));
    expect(trace()).toEqual(before);
    tf.dispose([x, y]);
  });

  test('shape errors are raised at the call', () => {
    const x = resident([64], 1);
    expect(() => tf.add(x, resident([63], 2))).toThrow(/broadcast|shapes/i);
    expect(() => tf.engine().runKernel('BatchMatMul', { a: x, b: x })).toThrow();
    x.dispose();
  });
});
