/** Errors against float64, which must not be above stock's over inputs that are hard. */
import * as tf from '@tensorflow/tfjs-core';
import '../../../src/index';
import { CASES } from '../../support/accuracy/cases';
import { faultsOf, judge } from '../../support/accuracy/judge';
import { useBackend } from '../../support/gpu';

// Stock would compute small inputs on the processor.
beforeAll(() => tf.env().set('WEBGPU_CPU_FORWARD', false));

describe.each(Object.keys(CASES))('%s: errors against float64 are not above stock’s', (group) => {
  const forms = [...new Set(CASES[group].map(({ form }) => form))];
  test.each(forms)('%s', async (form) => {
    const faults: string[] = [];
    for (const entry of CASES[group].filter((one) => one.form === form)) {
      faults.push(...faultsOf(await judge(entry, (name) => useBackend(tf, name))));
    }
    expect(faults).toEqual([]);
  });
});
