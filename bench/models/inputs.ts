/** Deterministic inputs for the models: the same seed gives the same values on every machine. */
import { tensor, util, type NamedTensorMap, type Tensor } from '@tensorflow/tfjs-core';
import { seededRandom } from './random';
import type { InputSpec, ModelEntry } from './types';

/** The values of one input. */
export type InputValues = Float32Array | Int32Array | string[];

/** Tensors on the active backend for all inputs of a model. */
export function createInputs(entry: ModelEntry, seed: number): NamedTensorMap {
  const tensors = entry.inputs.map((spec): [string, Tensor] => [
    spec.name,
    tensor(createValues(spec, seed), spec.shape, spec.dtype),
  ]);
  return Object.fromEntries(tensors);
}

/** The values of one input. */
export function createValues(spec: InputSpec, seed: number): InputValues {
  const { content, dtype } = spec;
  const random = seededRandom(seed);
  if (content.kind === 'text') return [sampleSource(random, 40)];
  const size = util.sizeFromShape(spec.shape);
  if (content.kind === 'bytes') return sampleBytes(random, size);
  if (content.kind === 'audio') return sampleAudio(random, size);
  const picture = samplePicture(random, spec.shape, content.low, content.high);
  return dtype === 'int32' ? Int32Array.from(picture, Math.round) : picture;
}

/** Waves of several lengths in each channel, and a tenth of noise. */
function samplePicture(
  random: () => number,
  [, height, width, channels]: number[],
  low: number,
  high: number,
): Float32Array {
  const waves = Array.from({ length: channels }, () =>
    Array.from({ length: 4 }, () => ({
      x: (random() - 0.5) * 24,
      y: (random() - 0.5) * 24,
      phase: random() * 2 * Math.PI,
    })),
  );
  const values = new Float32Array(height * width * channels);
  let index = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < channels; channel++) {
        let value = 0;
        for (const wave of waves[channel]) {
          value += Math.sin((wave.x * x) / width + (wave.y * y) / height + wave.phase) / 4;
        }
        const unit = Math.min(1, Math.max(0, 0.5 + 0.45 * value + 0.1 * (random() - 0.5)));
        values[index++] = low + (high - low) * unit;
      }
    }
  }
  return values;
}

/** Three notes with overtones and a little noise. */
function sampleAudio(random: () => number, size: number): Float32Array {
  const notes = Array.from({ length: 3 }, () => 110 * 2 ** (Math.floor(random() * 36) / 12));
  return Float32Array.from({ length: size }, (_, index) => {
    const time = index / 22050;
    let value = 0.02 * (random() - 0.5);
    for (const note of notes) {
      for (let overtone = 1; overtone <= 4; overtone++) {
        value += (0.2 / overtone ** 2) * Math.sin(2 * Math.PI * note * overtone * time);
      }
    }
    return value;
  });
}

/** The first and the last half of a source file's bytes; 256 pads what is missing. */
function sampleBytes(random: () => number, size: number): Int32Array {
  const bytes = new TextEncoder().encode(sampleSource(random, 30));
  const half = size / 2;
  const values = new Int32Array(size).fill(256);
  values.set(bytes.subarray(0, half), 0);
  const end = bytes.subarray(Math.max(0, bytes.length - half));
  values.set(end, size - end.length);
  return values;
}

/** Lines of a plausible Python file. */
function sampleSource(random: () => number, lines: number): string {
  const pick = (words: string[]): string => words[Math.floor(random() * words.length)];
  const name = (): string => pick(['total', 'items', 'index', 'result', 'values', 'count', 'path']);
  const templates = [
    () => `    ${name()} = ${name()} + ${Math.floor(random() * 100)}`,
    () => `    for ${name()} in range(len(${name()})):\n        print(${name()})`,
    () => `    if ${name()} is None:\n        return ${name()}`,
    () => `def compute_${name()}(self, ${name()}):\n    """Return the ${name()}."""`,
  ];
  const body = Array.from({ length: lines }, () => templates[Math.floor(random() * 4)]());
  return ['import os', 'import sys', '', 'def main():', ...body, ''].join('\n');
}
