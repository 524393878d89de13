/** Where numbers come from: a benchmark without this is hearsay. */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { versionOf } from './packages';

/** The conditions of a measurement. */
export interface Provenance {
  date: string;
  adapter: string;
  runtime: string;
  versions: Record<string, string>;
  machine: string;
  /** Runnable processes over the last minute when the measurement began. */
  load: number;
  settings: Record<string, unknown>;
}

const PACKAGES = ['webgpu', '@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-webgpu'];

/** The conditions of this process. */
export function provenance(adapter: string, settings: Record<string, unknown>): Provenance {
  return {
    date: new Date().toISOString(),
    adapter,
    runtime: `Node ${process.version} on ${process.platform}-${process.arch}`,
    versions: Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name) ?? 'none'])),
    machine: `${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${availableParallelism()} cores`,
    load: loadavg()[0],
    settings,
  };
}

/** In a line or two. */
export function formatProvenance({ date, adapter, runtime, ...rest }: Provenance): string {
  const versions = Object.entries(rest.versions).map(([name, version]) => `${name} ${version}`);
  const settings = Object.entries(rest.settings).map(([name, value]) => `${name} ${String(value)}`);
  return [
    `${adapter} · ${runtime} · ${versions.join(', ')}`,
    `${rest.machine}, load ${rest.load.toFixed(1)} · ${settings.join(', ')} · ${date}`,
  ].join('\n');
}
