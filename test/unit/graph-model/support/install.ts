import * as tf from '@tensorflow/tfjs-core';
import { installGraphModelHook, type GraphModelHook } from '../../../../src/graph-model';
import { InterpreterRuntime } from './interpreter-runtime';

/** A hook on the backend `cpu`, with plans that are interpreted. */
export interface InstalledHook {
  hook: GraphModelHook;
  runtime: InterpreterRuntime;
  enabled: boolean;
}

/** Installs a hook around each test of a file. */
export function useHook(backendName = 'cpu'): InstalledHook {
  const installed = { enabled: true } as InstalledHook;
  beforeEach(async () => {
    await tf.setBackend('cpu');
    installed.enabled = true;
    installed.runtime = new InterpreterRuntime();
    installed.hook = installGraphModelHook({
      backendName,
      runtime: installed.runtime,
      isEnabled: () => installed.enabled,
    });
  });
  afterEach(() => installed.hook.remove());
  return installed;
}

/** What a call gives with the hook and without it; both must be told apart by nothing. */
export function callBothWays<T>(installed: InstalledHook, call: () => T): { fused: T; stock: T } {
  installed.enabled = false;
  const stock = call();
  installed.enabled = true;
  return { fused: call(), stock };
}

/** The error that a call throws. */
export function errorOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as Error).message;
  }
  return 'no error';
}
