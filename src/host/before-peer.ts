/**
 * Whether the app had `webgpu` before this package brought it along. To be evaluated before the first
 * import of `@tensorflow/tfjs-backend-webgpu`: entries import it first.
 */
import { findBackendFactory } from '@tensorflow/tfjs-core';

export const hadWebGPU = findBackendFactory('webgpu') !== null;
