// The built package in CommonJS. Arguments: the model's URL, the backend.
async function main() {
  const { installWebGPU } = await import('../../../tools/gpu/install-webgpu.mjs');
  await import('./predict.js');

  installWebGPU();
  const tf = require('@tensorflow/tfjs');
  const fused = require('tfjs-backend-webgpu-fused');

  const [, , modelUrl, backend] = process.argv;
  const result = await globalThis.predict(tf, fused, { modelUrl, backend });
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
