// Faces, their meshes, irises, emotions and ages, and hands and bodies: @vladmandic/human, eight graph models.
// Its no-bundle build imports the tfjs of the app; see bundle.mjs. With its default build the one line is
// `register({ tf: human.tf })`, which fuses the models of the copy of tfjs inside.
import 'tfjs-backend-webgpu-fused'; // the one line
import * as tf from '@tensorflow/tfjs';
import { Human } from '@vladmandic/human';
import { backend, file, photo } from './host.js';

await tf.setBackend(backend);
const human = new Human({
  backend,
  modelBasePath: file('@vladmandic/human/models/'),
  cacheSensitivity: 0, // the same picture is looked at anew
  filter: { enabled: false },
  face: { detector: { maxDetected: 4, rotation: false } },
  gesture: { enabled: false },
});
const people = tf.browser.fromPixels(await photo('@vladmandic/human/assets/samples.jpg'));

export async function run() {
  const { face, hand, body, error } = await human.detect(people);
  if (error) throw new Error(error);
  return {
    faces: face.map(({ boxRaw, meshRaw, embedding, emotion }) => {
      return { boxRaw, meshRaw, embedding, emotion: emotion[0].emotion };
    }),
    hands: hand.map(({ boxRaw, label }) => ({ boxRaw, label })),
    bodies: body.map(({ boxRaw, keypoints }) => {
      return { boxRaw, keypoints: keypoints.map(({ positionRaw }) => positionRaw) };
    }),
  };
}
