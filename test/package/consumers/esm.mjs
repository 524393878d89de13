// The built package in an ES module. Arguments: the model's URL, the backend.
import { installWebGPU } from '../../../tools/gpu/install-webgpu.mjs';
import './predict.js';

installWebGPU();
const tf = await import('@tensorflow/tfjs');
const fused = await import('tfjs-backend-webgpu-fused');

const [, , modelUrl, backend] = process.argv;
const result = await globalThis.predict(tf, fused, { modelUrl, backend });
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
