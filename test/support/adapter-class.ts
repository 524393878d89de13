/** Runs backends with the kernels of another class of adapter than the one at hand. */
import { env } from '@tensorflow/tfjs-core';
import { registerFlags } from '../../src/host/flags';
import type { AdapterClass } from '../../src/fused-kernels/target';

/** Backends made from now on choose kernels for `name`; for their adapter, if it is empty. */
export function forceAdapterClass(name: AdapterClass | ''): void {
  registerFlags();
  env().set('WEBGPU_FUSED_ADAPTER', name);
}

/** Does so for all of a test run: `WEBGPU_FUSED_ADAPTER=nvidia npm run test:gpu`. */
export function forceClassOfEnvironment(): void {
  forceAdapterClass((process.env.WEBGPU_FUSED_ADAPTER ?? '') as AdapterClass | '');
}
