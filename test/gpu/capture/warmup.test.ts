import { warmup, type WarmupProgress } from '../../../src/pure';
import { useBackend } from '../../support/gpu';
import {
  expectClose,
  expectRun,
  leaveToTfjs,
  onCpu,
  TestGraph,
  tf,
  tower,
  values,
} from './support';

let device: GPUDevice;

beforeEach(async () => {
  await useBackend(tf, 'webgpu-fused');
  ({ device } = tf.backend() as unknown as { device: GPUDevice });
});

afterEach(() => jest.restoreAllMocks());

describe('warmup', () => {
  test('compiles each pipeline once, without blocking, and tells how far it is', async () => {
    const blocking = jest.spyOn(device, 'createComputePipeline');
    const parallel = jest.spyOn(device, 'createComputePipelineAsync');
    const model = tower().load();
    const steps: WarmupProgress[] = [];
    const report = await warmup(model, {
      inputs: { x: [2, 8] },
      onProgress: (step) => steps.push(step),
    });
    expect(blocking).not.toHaveBeenCalled();
    expect(parallel).toHaveBeenCalledTimes(report.pipelines);
    expect(report.pipelines).toBeGreaterThan(1);
    expect(report.longestTaskMs).toBeGreaterThan(0);
    expect(report.longestTaskMs).toBeLessThanOrEqual(report.milliseconds);
    expect(steps[0].progress).toBe(0);
    expect(steps.at(-1)).toMatchObject({ progress: 1, text: 'ready' });
    for (const [at, { progress, timeElapsed }] of steps.slice(1).entries()) {
      expect(progress).toBeGreaterThanOrEqual(steps[at].progress);
      expect(timeElapsed).toBeGreaterThanOrEqual(steps[at].timeElapsed);
    }
    const x = values(16, 3);
    const [expected] = await onCpu(tower(), { x }, ['z']);
    const input = tf.tensor2d(x, [2, 8]);
    const z = model.execute({ x: input }, 'z') as tf.Tensor;
    expect(blocking).not.toHaveBeenCalled();
    await expectClose(z, expected);
    tf.dispose([input, z]);
    model.dispose();
  });

  test('of what is warm compiles nothing', async () => {
    const model = tower().load();
    const options = { inputs: { x: [3, 8] }, outputs: 'y' };
    await warmup(model, options);
    const blocking = jest.spyOn(device, 'createComputePipeline');
    expect((await warmup(model, options)).pipelines).toBe(0);
    const x = values(24, 3);
    const [expected] = await onCpu(tower(), { x }, ['y']);
    await expectRun(model, x, expected);
    expect(blocking).not.toHaveBeenCalled();
    model.dispose();
  });

  test('of several regions around an op of tfjs compiles all of theirs without blocking', async () => {
    const graph = new TestGraph();
    graph.placeholder('x', 'float32', [-1, 8]);
    graph.node('mixed', 'Softmax', ['x']);
    graph.node('image', 'Reshape', ['mixed', graph.ints([2, 1, 1, 8])]);
    leaveToTfjs(graph, 'normal', 'image');
    graph.node('y', 'LogSoftmax', ['normal']);
    const blocking = jest.spyOn(device, 'createComputePipeline');
    const parallel = jest.spyOn(device, 'createComputePipelineAsync');
    const model = graph.load();
    const before = tf.memory().numTensors;
    const { pipelines } = await warmup(model, { inputs: { x: [2, 8] }, outputs: 'y' });
    expect(tf.memory().numTensors).toBe(before);
    expect(pipelines).toBeGreaterThan(0);
    expect(parallel).toHaveBeenCalledTimes(pipelines);
    const compiled = blocking.mock.calls.map(([{ label }]) => label);
    expect(compiled.filter((label) => !/Program$/.test(label ?? ''))).toEqual([]);
    const x = values(16, 3);
    const [expected] = await onCpu(graph, { x }, ['y']);
    const input = tf.tensor2d(x, [2, 8]);
    blocking.mockClear();
    const y = model.execute({ x: input }, 'y') as tf.Tensor;
    expect(blocking).not.toHaveBeenCalled();
    await expectClose(y, expected);
    tf.dispose([input, y]);
    model.dispose();
  });

  test('runs a model with control flow', async () => {
    const graph = new TestGraph();
    graph.placeholder('x', 'float32', [-1, 8]);
    graph.node('sum', 'AddV2', ['x', graph.constant(1)]);
    graph.node('big', 'Mul', ['sum', graph.constant(2)]);
    graph.node('where', 'Where', ['big']);
    const model = graph.load();
    const report = await warmup(model, { inputs: { x: [2, 8] } });
    expect(report.milliseconds).toBeGreaterThan(0);
    model.dispose();
  });
});
