/** The command `bench`: a model on stock `webgpu` and fused, in one process or page and in turn. */
import { enableProdMode } from '@tensorflow/tfjs-core';
import { classifyAdapter } from '../fused-kernels/target';
import {
  instrumentDevices,
  measureSides,
  type BenchReport,
  type SidesSettings,
} from './bench-sides';
import { formatMeasured } from './bench-table';
import { benchInBrowser } from './browser/serve';
import { EXIT } from './cli-error';
import { provideBackends } from './device-backends';
import { describeAdapter, provideGpu } from './gpu';
import { installedLayers } from './installed-layers';
import { readModel, type ModelFiles } from './model-files';
import type { Parts } from './parts';
import { formatProvenance, provenance } from './provenance';
import type { Terminal } from './terminal';

export interface BenchOptions extends SidesSettings {
  /** In a browser: the program to start, or `true` for one that somebody opens. */
  readonly browser?: string | true;
  readonly browserArg: readonly string[];
  readonly json?: boolean;
}

export async function benchCommand(
  source: string,
  options: BenchOptions,
  terminal: Terminal,
  parts: Parts,
): Promise<number> {
  terminal.progress(`reading ${source}`);
  const files = await readModel(source);
  const { browser, browserArg, json, ...settings } = options;
  const onProgress = (step: string): void => terminal.progress(step);
  const { adapter, runtime, ...measured } =
    browser === undefined
      ? await benchHere(files, settings, parts, onProgress)
      : await benchInBrowser(files, settings, { browser, args: browserArg }, onProgress);
  const { reps, warmups } = settings;
  const here = provenance(describeAdapter(adapter), { reps, warmups });
  const { webgpu: _ofNode, ...versions } = here.versions;
  const origin = runtime === undefined ? here : { ...here, runtime, versions };
  if (json) {
    const { stock, fused, ratio, difference } = measured;
    const sides = [stock, fused];
    terminal.json({ model: files.name, provenance: origin, sides, ratio, difference });
  } else {
    const isSoftware = classifyAdapter(adapter) === 'software';
    const notes = isSoftware ? ["Milliseconds of a software adapter are not a GPU's."] : [];
    const lines = [files.name, ...formatMeasured(measured), ...notes, '', formatProvenance(origin)];
    terminal.print(lines.join('\n'));
  }
  return measured.fused.failure === undefined ? EXIT.ok : EXIT.no;
}

async function benchHere(
  files: ModelFiles,
  settings: SidesSettings,
  parts: Parts,
  onProgress: (step: string) => void,
): Promise<BenchReport> {
  await provideGpu('bench');
  const instrument = instrumentDevices();
  const adapter = await provideBackends('bench', parts);
  enableProdMode();
  const context = { instrument, layers: installedLayers };
  return { adapter, ...(await measureSides(files, settings, context, onProgress)) };
}
