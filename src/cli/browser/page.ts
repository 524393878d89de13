/** The page of `bench --browser`: loads the model from the program that serves it, measures, reports. */
import * as core from '@tensorflow/tfjs-core';
import { describeBrowser } from './describe-browser';
import { instrumentDevices, measureSides } from '../bench-sides';
import { CliError, messageOf } from '../cli-error';
import type { LayersLoader } from '../loaded-model';
import { PATHS, type PageRequest, type PageResult } from './protocol';

/** All scripts of tfjs extend one global; that of tfjs-layers is not always there. */
const layers: LayersLoader = async () => {
  const { loadLayersModel } = core as { loadLayersModel?: Awaited<ReturnType<LayersLoader>> };
  if (loadLayersModel) return loadLayersModel;
  throw new CliError('model', {
    got: 'no package @tensorflow/tfjs-layers',
    needs: 'it for layers models',
    cure: 'Run npm install @tensorflow/tfjs-layers.',
  });
};

function show(text: string): void {
  const line = document.createElement('p');
  line.textContent = text;
  document.body.append(line);
}

function onProgress(step: string): void {
  show(step);
  void fetch(PATHS.progress, { method: 'POST', body: step });
}

/** A browser that is just starting has no adapter yet, and says that there is none. */
const ADAPTER_MS = 20_000;

async function findAdapter(): Promise<GPUAdapterInfo> {
  const deadline = performance.now() + ADAPTER_MS;
  do {
    const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
    if (adapter) return adapter.info;
    await new Promise((resolve) => setTimeout(resolve, 500));
  } while (performance.now() < deadline);
  throw new CliError('bench', {
    got: 'a browser that offers no WebGPU adapter',
    needs: 'one that does',
    cure: 'Open chrome://gpu in it, or name another browser.',
  });
}

async function measure(): Promise<PageResult> {
  try {
    const request = (await (await fetch(PATHS.request)).json()) as PageRequest;
    const weightData = await (await fetch(PATHS.weights)).arrayBuffer();
    const { name, kind, settings } = request;
    const { vendor, architecture, device, description } = await findAdapter();
    const instrument = instrumentDevices();
    core.enableProdMode();
    const files = { name, kind, artifacts: { ...request.artifacts, weightData } };
    const measured = await measureSides(files, settings, { instrument, layers }, onProgress);
    const info = { vendor, architecture, device, description } as GPUAdapterInfo;
    return { report: { adapter: info, runtime: describeBrowser(), ...measured } };
  } catch (error) {
    return { failure: messageOf(error) };
  }
}

const result = await measure();
await fetch(PATHS.result, { method: 'POST', body: JSON.stringify(result) });
show('failure' in result ? result.failure : 'Done: the terminal has the result.');
