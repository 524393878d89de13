/** Loads a model of the table on the active backend, from disk. */
import type { io } from '@tensorflow/tfjs-core';
import { readArtifacts } from './artifacts';
import { loadRunnable, type RunnableModel } from './runnable';
import type { ModelEntry } from './types';

export type { RunnableModel } from './runnable';

/** Loads a model on the active backend. */
export async function loadModel(entry: ModelEntry): Promise<RunnableModel> {
  const artifacts: io.ModelArtifacts = await readArtifacts(entry);
  return loadRunnable(entry, { load: async () => artifacts });
}
