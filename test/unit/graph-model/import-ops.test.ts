import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { importedOps } from '../../../src/graph-model/import';
import { opCases } from './support/op-cases';
import { runCase } from './support/run-case';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('importers compute what tfjs computes', () => {
  it.each(opCases.map((test) => [`${test.op}: ${test.what}`, test] as const))(
    '%s',
    (_name, test) => {
      const { expected, actual } = runCase(test);
      expect(actual.map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(
        expected.map(({ shape, dtype }) => ({ shape, dtype })),
      );
      expected.forEach((tensor, at) => {
        const wanted = tensor.dataSync();
        const got = actual[at].dataSync();
        wanted.forEach((value, i) => expect(got[i]).toBeCloseTo(value, 4));
      });
    },
  );

  it('covers most of the table', () => {
    const tested = new Set(opCases.map(({ op }) => op));
    expect(tested.size).toBeGreaterThan(importedOps.length * 0.6);
  });
});
