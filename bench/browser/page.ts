/** Runs in the page: cases of the transformer benchmark on both backends. */
import { registerBackends } from '../harness/backends';
import { watchDevices } from '../harness/gpu-errors';
import { GpuInstrument } from '../harness/instrument/instrument';
import { measureCase, type CaseResult, type CaseSettings } from '../transformer/measure';
import { CASES } from '../transformer/cases';
import { asCase, WORKLOADS } from '../peers/workloads';

/** What the page offers to the process that opened it. */
export interface BenchPage {
  /** The adapter's description. */
  describeAdapter(): Promise<string>;
  measure(name: string, settings: CaseSettings): Promise<CaseResult>;
}

const benchPage: BenchPage = {
  async describeAdapter() {
    const adapter = await navigator.gpu.requestAdapter();
    if (!adapter) throw new Error('The browser has no WebGPU adapter.');
    const { vendor, architecture, description } = adapter.info;
    return description || `${vendor} ${architecture}`;
  },
  async measure(name, settings) {
    watchDevices();
    const instrument = new GpuInstrument();
    instrument.install();
    const { candidate } = await registerBackends('webgpu-fused');
    const entry = [...CASES, ...WORKLOADS.map(asCase)].find((one) => one.name === name);
    if (!entry) throw new Error(`There is no case "${name}".`);
    return measureCase(entry, settings, instrument, candidate);
  },
};

Object.assign(globalThis, { benchPage });
