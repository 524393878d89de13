/** TensorFlow.js: stock `webgpu`, `webgpu-fused`, and `cpu`, which judges all results. */
import { loadFused } from '../../harness/fused-api';
import { CaseSession } from '../../transformer/session';
import { asCase } from '../workloads';
import type { Runtime } from './runtime';

type Backend = 'webgpu-fused' | 'webgpu' | 'cpu';

/** Nothing else is loaded into the process: stock runs without the plugin. */
const LOAD: Record<Backend, () => Promise<unknown>> = {
  'webgpu-fused': loadFused,
  webgpu: () => import('@tensorflow/tfjs-backend-webgpu'),
  cpu: () => import('@tensorflow/tfjs-backend-cpu'),
};

export function tfjs(backend: Backend): Runtime {
  return {
    async open(workload) {
      await LOAD[backend]();
      return CaseSession.open(asCase(workload), backend);
    },
  };
}
