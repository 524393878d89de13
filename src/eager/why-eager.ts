/** When kernels may wait: not while somebody looks at them one by one. */
import { engine, env } from '@tensorflow/tfjs-core';
import { flag } from '../host/flags';

/**
 * Flags of tfjs that want every kernel to run when it is called. `CHECK_COMPUTATION_FOR_ERRORS` is
 * not among them: tfjs asks for it only while it profiles, and a tfjs 3 in the page sets it for all.
 */
const EAGER_FLAGS = ['DEBUG', 'WEBGPU_ENGINE_COMPILE_ONLY'];

/**
 * Why kernels must run at once, or null if they may wait.
 * @param isAsked whether somebody wants them to wait although the app has that switched off.
 */
export function whyEager(isAsked: boolean): string | null {
  if (!isAsked && !flag('WEBGPU_FUSED_LAZY')) return 'WEBGPU_FUSED_LAZY is off';
  if (engine().state.profiling) return 'tf.profile is running';
  const flags = env();
  for (const name of EAGER_FLAGS) if (flags.getBool(name)) return `${name} is on`;
  return null;
}
