/** Runs in the page: cases of the transformer benchmark on both backends. */
import { watchDevices } from '../../src/measure/gpu-errors';
import { measureCase, type CaseResult, type CaseSettings } from '../transformer/measure';
import { caseNamed } from '../transformer/case-named';

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
    return measureCase(caseNamed(name), settings);
  },
};

Object.assign(globalThis, { benchPage });
