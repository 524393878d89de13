/** One program, called with one size after the other, in a process of its own. */
import * as tf from '@tensorflow/tfjs-core';
import { explain } from '../../src/graph-model';
import { lastTrace } from '../../src/eager/flush-trace';
import { largestError } from '../../src/measure/accuracy';
import { registerBackends, useBackend } from '../harness/backends';
import { takeGpuErrors } from '../../src/measure/gpu-errors';
import { GpuInstrument } from '../../src/measure/instrument';
import { prepareGpu } from '../harness/prepare-gpu';
import { summarize, type Summary } from '../../src/measure/statistics';
import { DriverClock } from '../harness/driver-clock';
import { drawSizes, type OpenProgram, type ShapeProgram, type Sizes } from './program';
import { programNamed } from './programs';

/**
 * Calls a program with `count` sizes. On Dawn's null device JavaScript is timed; on a real one
 * results are compared with stock's, and the first `cpuChecks` of them with `cpu`'s.
 */
export interface ShapesTask {
  kind: 'shapes';
  program: string;
  device: 'null' | 'real';
  count: number;
  seed: number;
  /** Warm calls after the first one of a size, of which the median counts. */
  warmCalls: number;
  cpuChecks: number;
}

/** The first call with a size. */
export interface NewShape {
  readonly sizes: Sizes;
  /** Pipelines that it made. */
  readonly pipelines: number;
  /** JavaScript of the call, without the driver's part in making pipelines. */
  readonly newMs: number;
  readonly driverMs: number;
  /** JavaScript of a warm call with the same sizes. */
  readonly warmMs: number;
}

export interface ShapesResult {
  readonly shapes: readonly NewShape[];
  readonly pipelinesOfThree: number;
  readonly pipelines: number;
  /** Calls of which kernels ran one by one, and nodes that went back to tfjs for their shapes. */
  readonly handedBack: number;
  /** JavaScript of a new shape above that of a warm call, from the fourth on. */
  readonly extraMs: Summary;
  /** Bytes of buffers after half of the shapes and after all. */
  readonly bytes: readonly [half: number, all: number];
  /** Tensors that are left behind. */
  readonly leaked: number;
  /** Largest differences relative to the largest element; only on a real device. */
  readonly errors?: { readonly stock: number; readonly cpu: number };
  readonly gpuErrors: readonly string[];
}

export async function measureShapes(
  task: ShapesTask,
  report: (progress: string) => void,
): Promise<ShapesResult> {
  const program = programNamed(task.program);
  prepareGpu(task.device === 'null' ? ['backend=null'] : []);
  const instrument = new GpuInstrument();
  instrument.install();
  const clock = new DriverClock();
  clock.install();
  const names = await registerBackends('webgpu-fused');
  tf.env().set('WEBGPU_FUSED_LAZY', true);
  const series = drawSizes(program, task.count, task.seed);
  const outputs: Float32Array[][] = [];
  await useBackend(names.candidate);
  const open = await program.open();
  const shapes: NewShape[] = [];
  let handedBack = 0;
  let pipelinesOfThree = 0;
  const bytes: [number, number] = [0, 0];
  const tensors = tf.memory().numTensors;
  const stockNodes = (): number => nodesOfStock(open);
  for (const [at, sizes] of series.entries()) {
    if (at % 10 === 0) report(`${at} of ${series.length} shapes`);
    const before = instrument.read().pipelines;
    clock.reset();
    const first = await timeCall(program, open, sizes, at);
    const driverMs = clock.milliseconds;
    const pipelines = instrument.read().pipelines - before;
    outputs.push(first.values);
    lastTrace();
    const warm: number[] = [];
    for (let i = 0; i < task.warmCalls; i++) {
      warm.push((await timeCall(program, open, sizes, at)).ms);
    }
    if (lastTrace()?.flushes.some(({ plan }) => plan === 'stock')) handedBack++;
    const warmMs = summarize(warm).median;
    shapes.push({ sizes, pipelines, newMs: first.ms - driverMs, driverMs, warmMs });
    if (at === 2) pipelinesOfThree = instrument.read().pipelines;
    if (at === Math.floor(series.length / 2)) bytes[0] = instrument.allocated;
  }
  bytes[1] = instrument.allocated;
  handedBack += stockNodes();
  const leaked = tf.memory().numTensors - tensors;
  const { pipelines } = instrument.read();
  open.dispose();
  const later = shapes.length > 3 ? shapes.slice(3) : shapes;
  return {
    shapes,
    pipelinesOfThree: pipelinesOfThree || pipelines,
    pipelines,
    handedBack,
    extraMs: summarize(later.map(({ newMs, warmMs }) => newMs - warmMs)),
    bytes,
    leaked,
    ...(task.device === 'real'
      ? { errors: await compareAll(task, program, series, outputs, names.stock, report) }
      : {}),
    gpuErrors: takeGpuErrors(),
  };
}

/** Nodes of a graph model that tfjs runs although the IR has a form for them. */
function nodesOfStock({ graph }: OpenProgram): number {
  if (!graph) return 0;
  const { nodes } = explain(graph);
  return nodes.filter(({ fate }) => fate === 'stock').length;
}

async function timeCall(
  program: ShapeProgram,
  open: OpenProgram,
  sizes: Sizes,
  seed: number,
): Promise<{ ms: number; values: Float32Array[] }> {
  const inputs = program.inputs(sizes, seed);
  const start = performance.now();
  const results = open.run(inputs);
  const reads = results.map((result) => result.data());
  const ms = performance.now() - start;
  const values = (await Promise.all(reads)).map((list) => Float32Array.from(list));
  tf.dispose(results);
  tf.dispose(inputs);
  // The device frees what is done with, between calls, as between frames.
  await new Promise((resolve) => setImmediate(resolve));
  return { ms, values };
}

async function compareAll(
  { cpuChecks }: ShapesTask,
  program: ShapeProgram,
  series: readonly Sizes[],
  outputs: readonly (readonly Float32Array[])[],
  stock: string,
  report: (progress: string) => void,
): Promise<{ stock: number; cpu: number }> {
  const worst = async (backend: string, count: number): Promise<number> => {
    report(`${count} shapes on ${backend}`);
    await useBackend(backend);
    const open = await program.open();
    let largest = 0;
    for (const [at, sizes] of series.slice(0, count).entries()) {
      const { values } = await timeCall(program, open, sizes, at);
      for (const [i, list] of values.entries()) {
        largest = Math.max(largest, largestError(outputs[at][i], list));
      }
    }
    open.dispose();
    return largest;
  };
  return { stock: await worst(stock, series.length), cpu: await worst('cpu', cpuChecks) };
}
