/** The command `bench`: a model on stock `webgpu` and fused, in one process and in turn. */
import { dispose, enableProdMode, type NamedTensorMap } from '@tensorflow/tfjs-core';
import { classifyAdapter } from '../fused-kernels/target';
import { compareOutputs } from '../measure/accuracy';
import type { GpuCounts } from '../measure/counts';
import { takeGpuErrors, watchDevices } from '../measure/gpu-errors';
import {
  readOutputs,
  timeInference,
  uploadInputs,
  type InferenceTime,
  type Inferring,
  type OutputValues,
} from '../measure/inference';
import { GpuInstrument } from '../measure/instrument';
import type { Summary } from '../measure/statistics';
import { timeInterleaved, type TimingSummary } from '../measure/timing';
import { CliError, EXIT, messageOf } from './cli-error';
import { provideBackends, useBackend, type BackendName } from './device-backends';
import { describeAdapter, provideGpu } from './gpu';
import { loadModel, randomInputs, type InputShapes, type LoadedModel } from './loaded-model';
import { readModel, type ModelFiles } from './model-files';
import { namingNodes } from './name-node';
import type { Parts } from './parts';
import { formatProvenance, provenance } from './provenance';
import { alignRight } from './table';
import type { Terminal } from './terminal';

export interface BenchOptions {
  readonly input: InputShapes;
  readonly reps: number;
  readonly warmups: number;
  readonly json?: boolean;
}

/** Both sides, by the backend's name. */
const SIDES: readonly BackendName[] = ['webgpu', 'webgpu-fused'];

/** What was measured of one side; what it did not get to is absent. */
interface SideResult {
  readonly backend: BackendName;
  /** Why it could not run. */
  failure?: string;
  /** Of one warm inference. */
  counts?: GpuCounts;
  /** Pipelines from loading until warm. */
  pipelines?: number;
  firstMs?: number;
  outputs?: OutputValues[];
  timing?: TimingSummary;
}

export async function benchCommand(
  source: string,
  { input, reps, warmups, json }: BenchOptions,
  terminal: Terminal,
  parts: Parts,
): Promise<number> {
  terminal.progress(`reading ${source}`);
  const files = await readModel(source);
  await provideGpu('bench');
  watchDevices();
  const instrument = new GpuInstrument();
  instrument.install();
  const info = await provideBackends('bench', parts);
  enableProdMode();
  const adapter = describeAdapter(info);
  const origin = provenance(adapter, { reps, warmups });

  const sides: SideResult[] = [];
  const sessions: BenchSession[] = [];
  for (const backend of SIDES) {
    terminal.progress(`${backend}: loading and warming up`);
    const side: SideResult = { backend };
    sides.push(side);
    try {
      const asked = { input, warmups, instrument };
      sessions.push(await namingNodes(files, () => inspect(files, side, asked)));
    } catch (error) {
      if (error instanceof CliError) throw error;
      takeGpuErrors();
      side.failure = messageOf(error);
    }
  }
  instrument.uninstall();
  terminal.progress(`timing, ${reps} runs of each in turn`);
  const { sides: timings, ratio } = await timeInterleaved(sessions, { warmups: 1, reps });
  sessions.forEach(({ side }, at) => (side.timing = timings[at]));
  sessions.forEach((session) => session.dispose());

  const [stock, fused] = sides;
  const difference =
    stock.outputs && fused.outputs && compareOutputs(fused.outputs, stock.outputs).relative;
  const isSoftware = classifyAdapter(info) === 'software';
  if (json) {
    const told = sides.map(({ outputs: _, ...side }) => side);
    terminal.json({ model: files.name, provenance: origin, sides: told, ratio, difference });
  } else {
    const table = formatSides(stock, fused, ratio, difference);
    const notes = isSoftware ? ["Milliseconds of a software adapter are not a GPU's."] : [];
    terminal.print([files.name, ...table, ...notes, '', formatProvenance(origin)].join('\n'));
  }
  return fused.failure === undefined ? EXIT.ok : EXIT.no;
}

/** A model on one backend, with inputs that stay there. */
class BenchSession implements Inferring {
  constructor(
    readonly side: SideResult,
    readonly model: LoadedModel,
    private readonly inputs: NamedTensorMap,
  ) {}

  activate(): Promise<void> {
    return useBackend('bench', this.side.backend);
  }

  infer(): Promise<InferenceTime> {
    return timeInference(() => this.model.run(this.inputs));
  }

  async outputs(): Promise<OutputValues[]> {
    return readOutputs(this.model, await this.model.run(this.inputs));
  }

  dispose(): void {
    dispose(this.inputs);
    this.model.dispose();
  }
}

interface Inspection {
  readonly input: InputShapes;
  readonly warmups: number;
  readonly instrument: GpuInstrument;
}

/** Loads and warms one side, and counts the work of a warm inference. */
async function inspect(
  files: ModelFiles,
  side: SideResult,
  { input, warmups, instrument }: Inspection,
): Promise<BenchSession> {
  await useBackend('bench', side.backend);
  instrument.start();
  const model = await loadModel(files);
  const inputs = randomInputs('bench', model, input);
  uploadInputs(inputs);
  const session = new BenchSession(side, model, inputs);
  side.firstMs = (await session.infer()).wallMs;
  for (let run = 1; run < warmups; run++) await session.infer();
  side.pipelines = instrument.read().pipelines;
  side.outputs = await session.outputs();
  instrument.start();
  await session.infer();
  side.counts = instrument.read();
  const [error] = takeGpuErrors();
  if (error !== undefined) throw new Error(`WebGPU reported: ${error}`);
  return session;
}

function formatSides(
  stock: SideResult,
  fused: SideResult,
  ratio: Summary | undefined,
  difference: number | undefined,
): string[] {
  const row = (
    name: string,
    of: (side: SideResult) => number | undefined,
    digits = 0,
  ): string[] => {
    const [before, after] = [of(stock), of(fused)];
    const times = before !== undefined && after ? `${(before / after).toFixed(2)}×` : '';
    return [name, ...[before, after].map((value) => value?.toFixed(digits) ?? '–'), times];
  };
  const spread = ({ timing }: SideResult): string =>
    timing ? `± ${timing.wall.iqr.toFixed(2)}` : '';
  const failures = [stock, fused].flatMap(({ backend, failure }) =>
    failure === undefined ? [] : [`${backend} cannot run it: ${failure}`],
  );
  return [
    ...alignRight([
      ['', 'webgpu', 'webgpu-fused', ''],
      row('dispatches', ({ counts }) => counts?.dispatches),
      row('MB through memory', ({ counts }) => counts && counts.trafficBytes / 1e6, 2),
      row('pipelines', ({ pipelines }) => pipelines),
      row('first call, ms', ({ firstMs }) => firstMs, 0),
      row('JavaScript, ms', ({ timing }) => timing?.js.median, 2),
      row('warm call, ms', ({ timing }) => timing?.wall.median, 2),
      ['  middle half', spread(stock), spread(fused), ratio ? `${ratio.median.toFixed(2)}×` : ''],
    ]),
    ...(difference === undefined
      ? []
      : [`largest difference ${difference.toExponential(1)} of the largest output`]),
    ...failures,
  ];
}
