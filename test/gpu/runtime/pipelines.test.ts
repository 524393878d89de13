/** Which shaders share a pipeline. */
import * as tf from '@tensorflow/tfjs-core';
import type { WebGPUFusedBackend } from '../../../src/backend/backend';
import type { GraphBuilder } from '../../../src/ir/builder';
import { checkFused } from '../../support/differential';

const input = (b: GraphBuilder, shape: readonly number[]) => b.input({ shape, dtype: 'int32' });

const copies: Readonly<Record<string, (b: GraphBuilder) => ReturnType<GraphBuilder['op']>>> = {
  'a reshape': (b) => b.reshape(input(b, [23]), [1, 23]),
  'a slice': (b) => b.slice(input(b, [31]), [0], [29]),
  'a slice of rows': (b) => b.slice(input(b, [7, 5]), [0, 0], [3, 5]),
};

/** Numbers that are put behind an input. */
const padded = (dtype: 'int32' | 'float32', fill: number) => (b: GraphBuilder) =>
  b.op('Concat', [b.input({ shape: [5], dtype }), b.hostConstant([1], dtype, [fill])], { axis: 0 });

/** Pipelines that were made while the graphs were checked. */
async function pipelinesOf(
  builds: readonly ((b: GraphBuilder) => ReturnType<GraphBuilder['op']>)[],
) {
  // Has a device made, and what comes with it.
  await checkFused((b) => b.op('Neg', [input(b, [3])]), { targets: ['software'] });
  const { pipelines } = tf.backend() as WebGPUFusedBackend;
  const before = pipelines.size;
  for (const build of builds) await checkFused(build, { targets: ['software'] });
  return pipelines.size - before;
}

test('what does the same is one pipeline, whatever it is called', async () => {
  expect(await pipelinesOf(Object.values(copies))).toBe(1);
});

test.each(['int32', 'float32'] as const)(
  'numbers that are only moved, %s, are no part of a shader',
  async (dtype) => {
    const fills = [0, 1, -1, 7, 1e6, ...(dtype === 'float32' ? [-0, 0.1] : [])];
    expect(await pipelinesOf(fills.map((fill) => padded(dtype, fill)))).toBe(1);
  },
);

test.each([NaN, Infinity, -Infinity])('%d is moved as well', (fill) =>
  checkFused(padded('float32', fill)),
);
