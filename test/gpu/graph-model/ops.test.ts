import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '../../../src/index';
import { explain } from '../../../src/graph-model';
import { useBackend } from '../../support/gpu';
import { opCases, type OpCase } from '../../unit/graph-model/support/op-cases';
import { modelOf } from '../../unit/graph-model/support/run-case';

/** The node of a case, with something after it, so that there is something to fuse. */
function fusedModel(test: OpCase) {
  const built = modelOf(test);
  const outputs = built.refs.flatMap((ref, at) => {
    built.graph.node(`id${at}`, 'Identity', [ref]);
    built.graph.node(`float${at}`, 'Cast', [`id${at}`], { DstT: { type: 'DT_FLOAT' } });
    built.graph.node(`half${at}`, 'Mul', [`float${at}`, built.graph.constant(0.5)]);
    built.graph.node(`out${at}`, 'Abs', [`half${at}`]);
    return [`id${at}`, `out${at}`];
  });
  return { ...built, outputs };
}

async function valuesOf(result: tf.Tensor | tf.Tensor[]) {
  return Promise.all(
    [result].flat().map(async (tensor) => ({
      shape: tensor.shape,
      dtype: tensor.dtype,
      data: Array.from(await tensor.data()),
    })),
  );
}

/** What only constants feed stays with tfjs: there is nothing to run twice. */
const fedCases = opCases.filter(({ operands }) => operands.some(({ kind }) => kind === 'fed'));

describe('graph models of one op, on the device', () => {
  it.each(fedCases.map((test) => [`${test.op}: ${test.what}`, test] as const))(
    '%s',
    async (_name, test) => {
      const { graph, fed, outputs } = await onCpu(() => fusedModel(test));
      const model = graph.load();
      const expected = await onCpu(() => valuesOf(model.execute(fed, outputs)));
      await useBackend(tf, 'webgpu-fused');
      const actual = await valuesOf(model.execute(fed, outputs));
      expected.forEach((wanted, at) => {
        expect(actual[at].shape).toEqual(wanted.shape);
        expect(actual[at].dtype).toBe(wanted.dtype);
        wanted.data.forEach((value, i) => expect(actual[at].data[i]).toBeCloseTo(value, 3));
      });
      const left = explain(model).nodes.filter((node) => node.fate === 'stock');
      expect(left).toEqual([]);
      model.dispose();
    },
  );
});

async function onCpu<T>(run: () => T | Promise<T>): Promise<T> {
  await useBackend(tf, 'cpu');
  return run();
}
