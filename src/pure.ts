/** The public API without side effects. */
export { BACKEND_NAME, WebGPUFusedBackend } from './backend/backend';
export { registerWebGPUFused } from './backend/register';

/** The version of this package. */
export const version = '0.1.0';
