/** A slice of `npm run fuzz`: programs, models, sessions, models with something wrong in them, kernels, faults. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import '../../../src/index';
import { faults } from '../../fuzz/faults';
import { kernels } from '../../fuzz/kernels';
import type { Kind } from '../../fuzz/kind';
import { models, mutants } from '../../fuzz/models';
import { programs } from '../../fuzz/programs';
import { sessions } from '../../fuzz/sessions';
import { fuzz } from '../../support/fuzz';
import { takeGpuErrors } from '../../support/gpu';

beforeAll(() => {
  // What tfjs says of a model that has something wrong in it, and this package of faults.
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
});

afterEach(() => tf.disposeVariables());

const kinds = [programs, models, sessions, mutants, kernels, faults] as readonly Kind<unknown>[];

/** How many are tried: a session is as much as ten of the others. */
const runsOf = ({ name }: Kind<unknown>): number => (name === 'sessions' ? 3 : 15);

test.each(kinds.map((kind) => [kind.name, kind] as const))('%s', async (_name, kind) => {
  const { inputs, check } = kind;
  const property = fc.asyncProperty(inputs, async (input) => {
    await check(input);
  });
  await fc.assert(property, fuzz(runsOf(kind)));
  // Those that were planted: every answer has been looked at.
  await takeGpuErrors();
});
