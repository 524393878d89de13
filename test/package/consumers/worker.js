// The built package in a Web Worker.
/* global importScripts */
importScripts(
  '/node_modules/@tensorflow/tfjs/dist/tf.min.js',
  '/node_modules/@tensorflow/tfjs-backend-webgpu/dist/tf-backend-webgpu.min.js',
  '/dist/webgpu-fused.umd.min.js',
  'predict.js',
);

globalThis.onmessage = async ({ data }) => {
  try {
    const result = await globalThis.predict(globalThis.tf, globalThis.webgpuFused, data);
    globalThis.postMessage({ result });
  } catch (error) {
    globalThis.postMessage({ error: String(error) });
  }
};
