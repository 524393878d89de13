// A small GPT writes on: @genai-fi/nanogpt, eager code with kernels of its own for WebGPU. A library for pages only.
// It has tfjs inside. Copies of tfjs in one page share the engine of the first, and with it this backend.
import { useDevice } from 'tfjs-backend-webgpu-fused'; // the one line …
import * as tf from '@tensorflow/tfjs';
import seedrandom from 'seedrandom';
import { TeachableLLM, data } from '@genai-fi/nanogpt';
import { backend } from './host.js';

seedrandom('the same weights each time', { global: true });

// … and a device without subgroups: where there are some, its kernels need a backend class of its own.
const adapter = await navigator.gpu.requestAdapter();
useDevice(await adapter.requestDevice());

await TeachableLLM.selectBackend('webgpu'); // registers its kernels
await tf.setBackend(backend);
const llm = TeachableLLM.create('char', {
  modelType: 'GenAI_NanoGPT_v1',
  vocabSize: 40,
  blockSize: 64,
  nLayer: 3,
  nHead: 4,
  nEmbed: 128,
  mlpFactor: 4,
  useRope: true,
});
await new Promise((resolve, reject) => {
  llm.on('loaded', resolve);
  llm.on('error', reject);
});
const text = 'the quick brown fox jumps over the lazy dog and the dog sleeps on';
await llm.trainTokeniser([
  await data.loadTextData(new File([text], 'text.txt', { type: 'text/plain' })),
]);

export async function run() {
  const { output } = await llm.responses.create({
    input: 'the quick ',
    maxLength: 12,
    topK: 2,
    temperature: 0.001, // the likeliest letter each time
    outputLogits: true,
  });
  const written = output.at(-1);
  return { text: written.content, logits: written._output.map(({ logits }) => logits) };
}
