import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import { RefusedError } from '../../../src/ir/infer/refused';
import { callBothWays, useHook } from './support/install';
import { LEFT_TO_TFJS, TestGraph, attr, wave } from './support/test-graph';

const installed = useHook();

/** Ops of one or two operands of shape [2, 3]; the last ones are not imported. */
const OPS = [
  'Neg',
  'Relu',
  'AddV2',
  'Mul',
  'Maximum',
  'Identity',
  'Split',
  'Softmax',
  LEFT_TO_TFJS,
];

interface Choice {
  readonly op: string;
  readonly a: number;
  readonly b: number;
}

/** A model of these nodes, each fed by nodes before it, and the references of its values. */
function build(choices: readonly Choice[]) {
  const graph = new TestGraph();
  const refs = [graph.placeholder('x', 'float32', [2, 3]), graph.constant(wave(6), [2, 3])];
  choices.forEach(({ op, a, b }, at) => {
    const name = `n${at}`;
    const inputs = [refs[a % refs.length], refs[b % refs.length]];
    if (op === 'Split') {
      graph.node(`${name}_wide`, 'ConcatV2', [...inputs, graph.ints(0)]);
      graph.node(name, 'Split', [graph.ints(0), `${name}_wide`], { num_split: attr.i(2) });
      refs.push(name, `${name}:1`);
    } else if (op === LEFT_TO_TFJS) {
      graph.leftToTfjs(name, inputs[0], 2);
      refs.push(name);
    } else {
      graph.node(name, op, ['AddV2', 'Mul', 'Maximum'].includes(op) ? inputs : inputs.slice(0, 1));
      refs.push(name);
    }
  });
  return { model: graph.load(), refs };
}

describe('random models', () => {
  it('give the same values and leave the same tensors, fused or not', () => {
    const choices = fc.array(
      fc.record({ op: fc.constantFrom(...OPS), a: fc.nat(60), b: fc.nat(60) }),
      { minLength: 1, maxLength: 25 },
    );
    const wanted = fc.array(fc.nat(60), { minLength: 1, maxLength: 4 });
    const property = fc.property(
      choices,
      wanted,
      fc.constantFrom('', ...OPS),
      (nodes, picks, refused) => {
        const { model, refs } = build(nodes);
        const outputs = picks.map((pick) => refs[pick % refs.length]);
        const x = tf.tensor2d(wave(6, 0.61), [2, 3]);
        installed.runtime.check = (graph) => {
          const bad = graph.nodes.find(({ kernel }) => kernel === refused);
          if (bad) throw new RefusedError('as the test wants it', [bad.origins[0]]);
        };
        const call = () => {
          const before = tf.memory().numTensors;
          const results = [model.execute({ x }, outputs)].flat();
          const values = results.map((tensor) => tensor.arraySync());
          const identical = results.map((tensor) => results.indexOf(tensor));
          const left = tf.memory().numTensors - before;
          tf.dispose(results.filter((tensor) => tensor !== x && !isWeight(tensor)));
          return { values, identical, left };
        };
        const isWeight = (tensor: tf.Tensor) =>
          Object.values(model.weights).flat().includes(tensor);
        for (let repeat = 0; repeat < 3; repeat++) {
          const { fused, stock } = callBothWays(installed, call);
          expect(fused).toEqual(stock);
        }
        model.dispose();
        x.dispose();
      },
    );
    fc.assert(property, { numRuns: 200 });
    expect(installed.runtime.runs).toBeGreaterThan(100);
  });
});
