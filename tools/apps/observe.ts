/** Runs an app's module, in a page or in Node, and tells what it answered and what it asked of the GPU. */
import type { GpuCounts } from '../../src/measure/counts';
import { takeGpuErrors, watchDevices } from '../../src/measure/gpu-errors';
import { GpuInstrument } from '../../src/measure/instrument';

/** What is told of a run. */
export type Told =
  { readonly failure: string } | { readonly backend: string; readonly calls: readonly Call[] };

/** One call of an app's `run`. */
export interface Call {
  readonly answer: unknown;
  readonly counts: GpuCounts;
}

/** What an app's module exports. */
interface App {
  run(): Promise<unknown>;
}

/** `http://…/?calls=4`: of a page its address, in Node the argument. */
function callsWanted(): number {
  const address = typeof window === 'undefined' ? process.argv[2] : window.location.href;
  return Number(new URL(address).searchParams.get('calls'));
}

async function observe(load: () => Promise<App>, getBackend: () => string): Promise<Told> {
  const instrument = new GpuInstrument();
  instrument.install();
  watchDevices();
  try {
    const app = await load();
    const calls: Call[] = [];
    for (let left = callsWanted(); left > 0; left--) {
      instrument.start();
      const answer = await app.run();
      calls.push({ answer, counts: instrument.read() });
    }
    const [gpuError] = takeGpuErrors();
    return gpuError ? { failure: `WebGPU: ${gpuError}` } : { backend: getBackend(), calls };
  } catch (error) {
    return { failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** Runs the app and hands over what it came to: sends it from Node, leaves it to be found in a page. */
export async function tell(load: () => Promise<App>, getBackend: () => string): Promise<void> {
  const told = await observe(load, getBackend);
  if (typeof window === 'undefined') process.send?.(told, () => process.exit());
  else Object.assign(window, { told });
}
