/** Importing this module registers the backend `webgpu-fused`. */
import { registerWebGPUFused } from './backend/register';

export * from './pure';

registerWebGPUFused();
