/** Separates people from the background, on `webgpu-fused`. */
import * as tf from '@tensorflow/tfjs';
import { explain } from 'tfjs-backend-webgpu-fused';

const MODEL = '/bench/models/meet/meet.json';

const element = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const canvas = element<HTMLCanvasElement>('picture');
const pen = canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;

/** A head and shoulders in front of a wall: enough for the model to see a person. */
function draw(): void {
  pen.fillStyle = '#9db4c0';
  pen.fillRect(0, 0, 256, 144);
  const shape = (colour: string, x: number, y: number, width: number, height: number) => {
    pen.fillStyle = colour;
    pen.beginPath();
    pen.ellipse(x, y, width, height, 0, 0, 2 * Math.PI);
    pen.fill();
  };
  shape('#27374d', 128, 150, 62, 52);
  shape('#e0ac8b', 128, 96, 12, 22);
  shape('#4a3728', 128, 58, 29, 34);
  shape('#e8b998', 128, 66, 24, 30);
  shape('#2b2b2b', 119, 61, 3, 2);
  shape('#2b2b2b', 137, 61, 3, 2);
  shape('#b0605a', 128, 81, 8, 3);
}

/** Shows where the model sees a person, and returns that part of the picture, 0 to 1. */
async function segment(model: tf.GraphModel): Promise<number> {
  const mask = tf.tidy(() => {
    const picture = tf.browser.fromPixels(canvas).toFloat().div(255).expandDims();
    const scores = model.predict(picture) as tf.Tensor4D;
    return tf.softmax(scores).slice([0, 0, 0, 1]).reshape([-1]);
  });
  const person = await mask.data();
  mask.dispose();
  const image = pen.getImageData(0, 0, canvas.width, canvas.height);
  let seen = 0;
  person.forEach((probability, i) => {
    seen += probability;
    image.data[4 * i + 1] = Math.max(image.data[4 * i + 1], 255 * probability);
  });
  pen.putImageData(image, 0, 0);
  return seen / person.length;
}

async function main(): Promise<void> {
  await tf.setBackend('webgpu-fused');
  const model = await tf.loadGraphModel(MODEL);
  const show = async (): Promise<void> => {
    const part = await segment(model);
    element('answer').textContent = `${(100 * part).toFixed(0)} % of the picture is a person`;
  };
  draw();
  await show();
  const { dispatches, regions } = explain(model);
  const kernels = regions.flatMap((region) => region.plan?.kernels ?? []);
  element('fusion').textContent = [
    `about ${dispatches.before} kernels as single ops → ${dispatches.after} dispatches`,
    ...kernels.map(({ family, label }) => `${family.padEnd(18)} ${label}`),
  ].join('\n');
  element<HTMLInputElement>('photo').onchange = async (event) => {
    const [file] = (event.target as HTMLInputElement).files ?? [];
    if (!file) return;
    pen.drawImage(await createImageBitmap(file), 0, 0, canvas.width, canvas.height);
    await show();
  };
}

main().catch((error: unknown) => {
  element('answer').textContent = String(error);
  console.error(error);
});
