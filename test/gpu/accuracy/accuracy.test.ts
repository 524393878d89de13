/** Errors against float64, which must not be above stock's over inputs that are hard. */
import * as tf from '@tensorflow/tfjs-core';
import '../../../src/index';
import { CASES } from '../../support/accuracy/cases';
import { faultsOf, judge } from '../../support/accuracy/judge';
import { exhaustively } from '../../support/exhaustively';
import { useBackend } from '../../support/gpu';

// Stock would compute small inputs on the processor.
beforeAll(() => tf.env().set('WEBGPU_CPU_FORWARD', false));

/** Heads between others: each is a kernel of its own, which takes a software driver seconds. */
const BETWEEN = /head (24|65|128)$/;

describe.each(Object.entries(CASES))(
  '%s: errors against float64 are not above stock’s',
  (_, all) => {
    const cases = [
      ...all.filter(({ size }) => !BETWEEN.test(size)),
      ...exhaustively(all.filter(({ size }) => BETWEEN.test(size))),
    ];
    test.each(cases.map((entry) => [entry.form, entry.size, entry] as const))(
      '%s, %s',
      async (_form, _size, entry) => {
        expect(faultsOf(await judge(entry, (name) => useBackend(tf, name)))).toEqual([]);
      },
    );
  },
);
