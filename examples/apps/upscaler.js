// A picture, twice as large: upscaler with its default model, a layers model of any size.
import 'tfjs-backend-webgpu-fused'; // the one line
import * as tf from '@tensorflow/tfjs';
import Upscaler from 'upscaler';
import defaultModel from '@upscalerjs/default-model';
import { backend, file, photo } from './host.js';

await tf.setBackend(backend);
// On a web page the model comes from a CDN; here from the installed package.
const path = file('@upscalerjs/default-model/models/model.json');
const upscaler = new Upscaler({ model: { ...defaultModel, path } });

const cat = tf.browser.fromPixels(await photo('cat-picture/cat.jpg'));
const face = tf.tidy(() => tf.image.resizeBilinear(cat, [65, 50]).toFloat());

/** In patches, as for a large picture: each costs the same memory. */
export async function run() {
  const options = { output: 'tensor', patchSize: 32, padding: 4 };
  const larger = await upscaler.upscale(face.clone(), options);
  return { shape: larger.shape, pixels: await larger.data() };
}
