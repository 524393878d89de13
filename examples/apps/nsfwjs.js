// Is a photograph safe to show? nsfwjs with the MobileNetV2 that it ships, a layers model.
import 'tfjs-backend-webgpu-fused'; // the one line
import * as tf from '@tensorflow/tfjs';
import { load } from 'nsfwjs/core';
import { MobileNetV2Model } from 'nsfwjs/models/mobilenet_v2';
import { backend, photo } from './host.js';

await tf.setBackend(backend);
const classifier = await load('MobileNetV2', { modelDefinitions: [MobileNetV2Model] });

const cat = tf.browser.fromPixels(await photo('cat-picture/cat.jpg'));

export async function run() {
  const classes = await classifier.classify(cat);
  return Object.fromEntries(classes.map(({ className, probability }) => [className, probability]));
}
