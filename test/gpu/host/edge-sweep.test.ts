/** Edges are the host's: special values, indices outside and nothing at all come out as on `cpu`. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '../../../src/index';
import { edgeCases } from '../../support/edge-sweep/cases';
import { sweepEdge } from '../../support/edge-sweep/run';

jest.setTimeout(600_000);

beforeAll(() => {
  // Small operands would be computed on the host.
  tf.env().set('WEBGPU_CPU_FORWARD', false);
});

describe.each([
  ['by plans', true],
  ['at once', false],
])('%s', (_how, lazy) => {
  beforeAll(() => void tf.env().set('WEBGPU_FUSED_LAZY', lazy));
  afterAll(() => void tf.env().set('WEBGPU_FUSED_LAZY', true));

  test.each(edgeCases.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
    expect(await sweepEdge('webgpu-fused', one)).toBeNull();
  });
});
