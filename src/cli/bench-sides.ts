/** A model on stock `webgpu` and fused, in turn: what `bench` measures, in Node and in a page. */
import { dispose, type NamedTensorMap } from '@tensorflow/tfjs-core';
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
import { CliError, messageOf } from './cli-error';
import {
  loadModel,
  randomInputs,
  type InputShapes,
  type LayersLoader,
  type LoadedModel,
} from './loaded-model';
import type { ModelFiles } from './model-files';
import { namingNodes } from './name-node';
import { useBackend, type BackendName } from './use-backend';

export interface SidesSettings {
  readonly input: InputShapes;
  readonly reps: number;
  readonly warmups: number;
}

/** What was measured of one side; what it did not get to is absent. */
export interface SideResult {
  readonly backend: BackendName;
  /** Why it could not run. */
  failure?: string;
  /** Of one warm inference. */
  counts?: GpuCounts;
  /** Pipelines from loading until warm. */
  pipelines?: number;
  firstMs?: number;
  timing?: TimingSummary;
}

export interface Measured {
  readonly stock: SideResult;
  readonly fused: SideResult;
  /** Stock's time over the fused one's, pair by pair. */
  readonly ratio?: Summary;
  /** Largest difference of two outputs, as a share of the largest element. */
  readonly difference?: number;
}

/** What was measured, and on what. */
export interface BenchReport extends Measured {
  readonly adapter: GPUAdapterInfo;
  /** What ran it, in words; absent for this process. */
  readonly runtime?: string;
}

/** Counts dispatches and pipelines of devices that are made from here on. */
export function instrumentDevices(): GpuInstrument {
  watchDevices();
  const instrument = new GpuInstrument();
  instrument.install();
  return instrument;
}

/** Measures both sides, on backends that are registered by now. */
export async function measureSides(
  files: ModelFiles,
  settings: SidesSettings,
  { instrument, layers }: { instrument: GpuInstrument; layers: LayersLoader },
  onProgress: (step: string) => void,
): Promise<Measured> {
  const sessions: BenchSession[] = [];
  const openSide = async (backend: BackendName): Promise<SideResult> => {
    onProgress(`${backend}: loading and warming up`);
    const side: SideResult = { backend };
    try {
      const opened = namingNodes(files, () => open(files, side, settings, { instrument, layers }));
      sessions.push(await opened);
    } catch (error) {
      if (error instanceof CliError) throw error;
      takeGpuErrors();
      side.failure = messageOf(error);
    }
    return side;
  };
  const stock = await openSide('webgpu');
  const fused = await openSide('webgpu-fused');
  instrument.uninstall();
  onProgress(`timing, ${settings.reps} runs of each in turn`);
  const { sides, ratio } = await timeInterleaved(sessions, { warmups: 1, reps: settings.reps });
  sessions.forEach(({ side }, at) => (side.timing = sides[at]));
  sessions.forEach((session) => session.dispose());
  const [before, after] = sessions.map(({ outputs }) => outputs);
  const difference = before && after && compareOutputs(after, before).relative;
  return { stock, fused, ratio, difference };
}

/** A model on one backend, with inputs that stay there. */
class BenchSession implements Inferring {
  outputs: OutputValues[] = [];

  constructor(
    readonly side: SideResult,
    private readonly model: LoadedModel,
    private readonly inputs: NamedTensorMap,
  ) {}

  activate(): Promise<void> {
    return useBackend('bench', this.side.backend);
  }

  infer(): Promise<InferenceTime> {
    return timeInference(() => this.model.run(this.inputs));
  }

  async keepOutputs(): Promise<void> {
    this.outputs = await readOutputs(this.model, await this.model.run(this.inputs));
  }

  dispose(): void {
    dispose(this.inputs);
    this.model.dispose();
  }
}

/** Loads and warms one side, and counts the work of a warm inference. */
async function open(
  files: ModelFiles,
  side: SideResult,
  { input, warmups }: SidesSettings,
  { instrument, layers }: { instrument: GpuInstrument; layers: LayersLoader },
): Promise<BenchSession> {
  await useBackend('bench', side.backend);
  instrument.start();
  const model = await loadModel(files, layers);
  const inputs = randomInputs('bench', model, input);
  uploadInputs(inputs);
  const session = new BenchSession(side, model, inputs);
  side.firstMs = (await session.infer()).wallMs;
  for (let run = 1; run < warmups; run++) await session.infer();
  side.pipelines = instrument.read().pipelines;
  await session.keepOutputs();
  instrument.start();
  await session.infer();
  side.counts = instrument.read();
  const [error] = takeGpuErrors();
  if (error !== undefined) throw new Error(`WebGPU reported: ${error}`);
  return session;
}
