/** `npm run soak -- --minutes N`: models, shapes and eager code mixed; what is held may not grow. */
import { parseArgs } from 'node:util';
import { prepareGpu } from '../../bench/harness/prepare-gpu';

const HELP = `Usage: npm run soak -- [--minutes N]

Graph, layers and eager models, captured calls, training and shapes that change, mixed, for N minutes (1). After the
first, the numbers of tensors and GPU buffers have to stay as they are, and the heap may grow by 5 % at most.
`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const minutes = Number(values.minutes);
prepareGpu();

/** Buffers that were made and not destroyed. */
let buffers = 0;
const { createBuffer } = GPUDevice.prototype;
GPUDevice.prototype.createBuffer = function (descriptor) {
  buffers++;
  const buffer = createBuffer.call(this, descriptor);
  const destroy = buffer.destroy.bind(buffer);
  let isAlive = true;
  buffer.destroy = () => {
    if (isAlive) buffers--;
    isAlive = false;
    return destroy();
  };
  return buffer;
};

const tf = await import('@tensorflow/tfjs-core');
const { capture } = await import('../../src/index');
const { encoderEager, encoderGraph, encoderLayers, encoderWeights } =
  await import('../support/transformers/encoder');
await tf.setBackend('webgpu-fused');
await tf.ready();

const sizes = { batch: 1, tokens: 8, width: 16, heads: 2, hidden: 32, layers: 1 };
const weights = encoderWeights(sizes);
const graph = encoderGraph(sizes, weights).load();
const layersModel = encoderLayers(sizes, weights);
const eager = encoderEager(sizes, weights);
const captured = capture((x: ReturnType<typeof tf.tensor>) =>
  tf.tidy(() => tf.softmax(tf.mul(x, 2))),
);
const optimizer = tf.train.sgd(0.01);
const variable = tf.variable(tf.randomNormal([16, 16], 0, 1, 'float32', 1));
let turn = 0;

/** One of everything, in shapes that come again after a while. */
async function mix(): Promise<void> {
  turn++;
  const x = tf.randomNormal([1, 8, 16], 0, 1, 'float32', turn);
  const image = tf.randomNormal([1 + (turn % 5), 9, 7, 3], 0, 1, 'float32', turn);
  const results = tf.tidy(() => [
    graph.execute({ x }) as ReturnType<typeof tf.tensor>,
    layersModel.predict(x) as ReturnType<typeof tf.tensor>,
    eager.run(x),
    captured(x),
    tf.relu(tf.conv2d(image as never, tf.ones([3, 3, 3, 2 + (turn % 3)]) as never, 1, 'same')),
    tf.topk(tf.reshape(x, [8, 16]), 2).values,
  ]);
  await Promise.all(results.map((result) => result.data()));
  optimizer.minimize(() => tf.mean(tf.square(tf.matMul(tf.reshape(x, [8, 16]), variable))));
  tf.dispose([x, image, ...results]);
  if (turn % 50 === 0) {
    // A model that comes and goes.
    const other = encoderGraph(sizes, encoderWeights(sizes, 2)).load();
    const zeros = tf.zeros([1, 8, 16]);
    const y = other.execute({ x: zeros }) as ReturnType<typeof tf.tensor>;
    await y.data();
    tf.dispose([y, zeros]);
    other.dispose();
  }
}

interface Held {
  readonly tensors: number;
  readonly buffers: number;
  readonly heapMB: number;
}

/** What is held, at a point that comes again in every cycle of shapes. */
async function held(): Promise<Held> {
  do await mix();
  while (turn % 300 !== 0);
  for (let i = 0; i < 4; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    tensors: tf.memory().numTensors,
    buffers,
    heapMB: Math.round(process.memoryUsage().heapUsed / 1e4) / 100,
  };
}

const begin = performance.now();
const elapsed = () => (performance.now() - begin) / 60_000;
const tell = (one: Held): void =>
  console.log(`after ${elapsed().toFixed(1)} minutes, ${turn} turns:`, one);

/** The first minute fills caches. */
while (elapsed() < Math.min(1, minutes / 3)) await mix();
const first = await held();
tell(first);
const later: Held[] = [];
do {
  later.push(await held());
  tell(later[later.length - 1]);
} while (elapsed() < minutes);
const growth = later[later.length - 1].heapMB / first.heapMB - 1;
const isSame = later.every((one) => one.tensors === first.tensors && one.buffers === first.buffers);
console.log(
  `soak: tensors and buffers ${isSame ? 'stay' : 'change'}; heap ${(100 * growth).toFixed(1)} %, at most 5`,
);
process.exit(isSame && growth <= 0.05 ? 0 : 1);
