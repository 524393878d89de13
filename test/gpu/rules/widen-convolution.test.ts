/** Convolutions of one image side by side, as in Inception blocks, as one kernel. */
import type { GraphBuilder } from '../../../src/ir/builder';
import type { Shape, Value } from '../../../src/ir/graph';
import { checkFused, labelsOf, ADAPTERS } from '../../support/differential';

const plainWindow = {
  strides: [1, 1],
  dilations: [1, 1],
  pad: { top: 0, bottom: 0, left: 0, right: 0 },
};

/** Small integers, so that sums are exact and the order of additions cannot show. */
function weight(b: GraphBuilder, shape: Shape, seed: number): Value {
  const size = shape.reduce((product, dim) => product * dim, 1);
  const values = Array.from({ length: size }, (_, i) => ((i * 7 + seed) % 5) - 2);
  return b.hostConstant(shape, 'float32', values);
}

interface Arm {
  /** Channels of the first convolution. */
  readonly channels: number;
  readonly bias?: boolean;
  readonly activation?: string;
  /** What reads it: a second convolution, a pool, or the graph's caller. */
  readonly reader?: 'convolution' | 'pool' | 'caller';
}

function arm(b: GraphBuilder, x: Value, of: Arm, seed: number): Value {
  const { channels, bias = true, activation = 'Relu', reader = 'convolution' } = of;
  const filter = weight(b, [1, 1, x.shape[3], channels], seed);
  let y = b.op('Conv2D', [x, filter], plainWindow);
  if (bias) y = b.op('Add', [y, weight(b, [channels], seed + 1)]);
  y = b.op(activation, [y]);
  if (reader === 'caller') return y;
  const pad = { top: 1, bottom: 1, left: 1, right: 1 };
  if (reader === 'pool') return b.op('MaxPool', [y], { ...plainWindow, pad, filterSize: [3, 3] });
  return b.op('Conv2D', [y, weight(b, [3, 3, channels, 4], seed + 2)], { ...plainWindow, pad });
}

function block(shape: Shape, arms: readonly Arm[]) {
  return (b: GraphBuilder): Value[] => {
    const x = b.input({ shape, dtype: 'float32' });
    return arms.map((of, i) => arm(b, x, of, 3 * i));
  };
}

describe('parallel convolutions', () => {
  test.each<[string, Shape, Arm[], number]>([
    ['two arms', [1, 9, 9, 8], [{ channels: 8 }, { channels: 12 }], 3],
    [
      'three arms, odd sizes',
      [2, 7, 11, 5],
      [{ channels: 4 }, { channels: 8, reader: 'pool' }, { channels: 3 }],
      4,
    ],
    ['one without bias', [1, 9, 9, 4], [{ channels: 4, bias: false }, { channels: 4 }], 3],
  ])('%s', async (_name, shape, arms, dispatches) => {
    const plan = await checkFused(block(shape, arms), { targets: ADAPTERS });
    expect(plan.dispatches).toHaveLength(dispatches);
    expect(labelsOf(plan)[0]).toMatch(/^Conv2D → Add → Relu/);
  });

  test.each<[string, Arm[], number]>([
    ['different activations', [{ channels: 4 }, { channels: 4, activation: 'Tanh' }], 4],
    ['an arm that the caller gets', [{ channels: 4 }, { channels: 4, reader: 'caller' }], 3],
  ])('apart: %s', async (_name, arms, dispatches) => {
    const plan = await checkFused(block([1, 9, 9, 4], arms), { tolerance: 'transcendental' });
    expect(plan.dispatches).toHaveLength(dispatches);
  });
});
