/** The four ways of running a model that the ablation compares. */
import { backend, env } from '@tensorflow/tfjs-core';
import type { WebGPUFusedBackend } from '../../src/backend/backend';
import { STOCK, useBackend } from '../harness/backends';

export const VARIANTS = ['stock', 'both', 'capture only', 'fusion only'] as const;
export type Variant = (typeof VARIANTS)[number];

/** Makes a variant's backend and switches the ones in force. */
export async function activate(variant: Variant): Promise<void> {
  await useBackend(variant === 'stock' ? STOCK : 'webgpu-fused');
  if (variant !== 'stock') {
    (backend() as WebGPUFusedBackend).compileOptions = { isUnfused: variant === 'capture only' };
  }
  env().set('WEBGPU_FUSED_CAPTURE', variant !== 'fusion only');
}
