/** Graph models that take inputs of any size. */
import type { GraphModel } from '@tensorflow/tfjs-converter';
import type * as tf from '@tensorflow/tfjs-core';
import {
  encoder,
  imageModel,
  sentenceEncoder,
  upscaler,
  WIDTH,
  WORDS,
  type AnySizeWriter,
} from '../../test/support/any-size-models';
import { numbers, tokens, type OpenProgram, type ShapeProgram } from './program';

function openGraph(graph: GraphModel): OpenProgram {
  const run = (inputs: readonly tf.Tensor[]): tf.Tensor[] =>
    [graph.predict([...inputs])].flat() as tf.Tensor[];
  return { graph, run, dispose: () => graph.dispose() };
}

const written = (make: () => AnySizeWriter) => async (): Promise<OpenProgram> =>
  openGraph(make().load());

export const graphPrograms: readonly ShapeProgram[] = [
  {
    name: 'encoder',
    ranges: { batch: [1, 4], tokens: [2, 96] },
    inputs: (s, seed) => [numbers([s.batch, s.tokens, WIDTH], seed)],
    open: written(encoder),
    tolerance: 1e-4,
  },
  {
    name: 'sentence-encoder',
    ranges: { batch: [1, 3], tokens: [3, 64] },
    inputs: (s, seed) => [tokens([s.batch, s.tokens], WORDS, seed)],
    open: written(sentenceEncoder),
    tolerance: 1e-4,
  },
  {
    name: 'image-model',
    ranges: { batch: [1, 2], height: [12, 64], width: [12, 64] },
    inputs: (s, seed) => [numbers([s.batch, s.height, s.width, 3], seed)],
    open: written(imageModel),
    tolerance: 1e-4,
  },
  {
    name: 'upscaler',
    ranges: { height: [5, 64], width: [5, 64] },
    inputs: (s, seed) => [numbers([1, s.height, s.width, 3], seed)],
    open: written(upscaler),
    tolerance: 1e-4,
  },
];
