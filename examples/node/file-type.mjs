// What kind of file some bytes are, in Node, on the GPU: no compiler, no browser.
//
//   npm run build && node tools/with-gpu.mjs node examples/node/file-type.mjs package.json
import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import { explain } from 'tfjs-backend-webgpu-fused/node'; // and WebGPU, from the npm package `webgpu`

const repository = new URL('../../', import.meta.url);
const read = (/** @type {string} */ path) => readFile(new URL(path, repository));
const readJson = async (/** @type {string} */ path) => JSON.parse(String(await read(path)));

/** A graph model from a folder: tfjs itself only fetches in Node. @param {string} folder */
async function loadFromFolder(folder) {
  const { modelTopology, signature, weightsManifest } = await readJson(`${folder}/model.json`);
  const files = weightsManifest.flatMap(({ paths }) => paths);
  const bytes = Buffer.concat(await Promise.all(files.map((file) => read(`${folder}/${file}`))));
  return tf.loadGraphModel(
    tf.io.fromMemory({
      modelTopology,
      signature,
      weightSpecs: weightsManifest.flatMap(({ weights }) => weights),
      weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
    }),
  );
}

/** The first and the last 1,024 bytes; 256 stands for no byte. @param {Uint8Array} bytes */
function encode(bytes) {
  const codes = new Int32Array(2048).fill(256);
  codes.set(bytes.slice(0, 1024), 0);
  const end = bytes.slice(-1024);
  codes.set(end, 2048 - end.length);
  return tf.tensor(codes, [1, 2048], 'int32');
}

const [file = 'package.json'] = process.argv.slice(2);
await tf.setBackend('webgpu-fused');
const model = await loadFromFolder('bench/models/magika');
const kinds = await readJson('examples/shared/content-types.json');

const input = encode(await readFile(file));
const output = await model.executeAsync(input);
const probabilities = await output.data();
const best = probabilities.indexOf(Math.max(...probabilities));
const { dispatches } = explain(model);
console.log(
  `${file}: ${kinds[best]}, ${(100 * probabilities[best]).toFixed(0)} %, in ` +
    `${dispatches.after} dispatches on ${tf.getBackend()}`,
);
