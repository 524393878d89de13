/** The four ways of running a model that the ablation compares. */
import { env } from '@tensorflow/tfjs-core';
import { experiment } from '../../src/compiler/unfused';
import { STOCK, useBackend } from '../harness/backends';

export const VARIANTS = ['stock', 'both', 'capture only', 'fusion only'] as const;
export type Variant = (typeof VARIANTS)[number];

/** Makes a variant's backend and switches the ones in force. */
export async function activate(variant: Variant): Promise<void> {
  await useBackend(variant === 'stock' ? STOCK : 'webgpu-fused');
  experiment.isFused = variant !== 'capture only';
  env().set('WEBGPU_FUSED_CAPTURE', variant !== 'fusion only');
}
