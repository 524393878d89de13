/** Which of the two backends a model runs on. */
import { findBackendFactory, setBackend } from '@tensorflow/tfjs-core';
import { CliError } from './cli-error';

export type BackendName = 'webgpu' | 'webgpu-fused';

/** Makes a backend the active one. */
export async function useBackend(what: string, name: BackendName): Promise<void> {
  if (findBackendFactory(name) && (await setBackend(name))) return;
  throw new CliError(what, {
    got: `no backend ${name}`,
    needs: 'one that can be initialised',
    cure: 'Run tfjs-backend-webgpu-fused doctor.',
  });
}
