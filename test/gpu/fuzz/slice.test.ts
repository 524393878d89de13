/** A slice of `npm run fuzz`: random graph models, and models with something wrong in them. */
import fc from 'fast-check';
import '../../../src/index';
import { models, mutants } from '../../fuzz/models';
import { fuzz } from '../../support/fuzz';
import '@tensorflow/tfjs-backend-cpu';

beforeAll(() => {
  // What tfjs says of a model that has something wrong in it.
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
});

test.each([
  ['models', models],
  ['mutants', mutants],
])('%s', async (_name, { inputs, check }) => {
  await fc.assert(fc.asyncProperty(inputs, check), fuzz(15));
});
