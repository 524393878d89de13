import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import { GraphBuilder } from '../../../src/ir/builder';
import { sizeOf, type Value } from '../../../src/ir/graph';
import { interpret } from '../../support/ir-interpreter';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Kernels of the nodes that were really added. */
function kernelsOf(build: (b: GraphBuilder, x: Value) => Value, shape = [2, 3]): string[] {
  const b = new GraphBuilder();
  build(b, b.input({ shape, dtype: 'float32' }));
  return b.graph.nodes.map((node) => node.kernel);
}

describe('GraphBuilder leaves out what changes nothing', () => {
  const idle: [string, (b: GraphBuilder, x: Value) => Value][] = [
    ['a reshape to the same shape', (b, x) => b.reshape(x, [2, 3])],
    ['a reshape back', (b, x) => b.reshape(b.reshape(x, [6]), [2, 3])],
    ['the identical permutation', (b, x) => b.transpose(x, [0, 1])],
    ['a cast to the same type', (b, x) => b.cast(x, 'float32')],
    ['a slice of everything', (b, x) => b.slice(x, [0, 0], [2, 3])],
    [
      'no padding',
      (b, x) =>
        b.op('PadV2', [x], {
          paddings: [
            [0, 0],
            [0, 0],
          ],
          constantValue: 1,
        }),
    ],
    ['one value concatenated', (b, x) => b.op('Concat', [x], { axis: 0 })],
    ['a broadcast to the same shape', (b, x) => b.broadcastTo(x, [2, 3])],
    ['reversed dimensions of 1', (b, x) => b.op('Reverse', [x], { dims: [] })],
    ['a sum over no axes', (b, x) => b.op('Sum', [x], { axes: [], keepDims: false })],
  ];
  it.each(idle)('%s', (_what, build) => {
    const kernels = kernelsOf(build);
    expect(kernels.filter((kernel) => kernel !== 'Reshape')).toEqual([]);
    const b = new GraphBuilder();
    const x = b.input({ shape: [2, 3], dtype: 'float32' });
    expect(build(b, x)).toBe(x);
  });

  it('turns moves of single dimensions into reshapes', () => {
    expect(kernelsOf((b, x) => b.transpose(x, [1, 0, 2]), [1, 4, 5])).toEqual(['Reshape']);
    expect(kernelsOf((b, x) => b.op('Max', [x], { axes: [0], keepDims: false }), [1, 4])).toEqual([
      'Reshape',
    ]);
    expect(kernelsOf((b, x) => b.transpose(x, [1, 0, 2]), [2, 4, 5])).toEqual(['Transpose']);
  });

  it('keeps one of equal scalars, but 0 and -0 apart', () => {
    const b = new GraphBuilder();
    expect(b.scalar(0)).toBe(b.scalar(0));
    expect(b.scalar(0)).not.toBe(b.scalar(-0));
    expect(b.scalar(1)).not.toBe(b.scalar(1, 'int32'));
  });

  it('gives constants another shape without knowing them', () => {
    const b = new GraphBuilder();
    const handle = {};
    const weight = b.constant({ shape: [2, 3], dtype: 'float32' }, { handle });
    expect(b.reshape(weight, [6]).constant?.handle).toBe(handle);
    expect(b.graph.nodes).toHaveLength(0);
  });

  it('refuses values without elements', () => {
    const b = new GraphBuilder();
    expect(() => b.input({ shape: [0, 3], dtype: 'float32' })).toThrow('no elements');
    const x = b.input({ shape: [2, 3], dtype: 'float32' });
    expect(() => b.slice(x, [0, 0], [0, 3])).toThrow('empty');
  });

  it('does not compute large constants', () => {
    const b = new GraphBuilder();
    const large = b.hostConstant([100, 100], 'float32', new Float32Array(10_000));
    expect(b.op('Neg', [large]).constant).toBeUndefined();
    expect(b.op('Sum', [large], { axes: [0, 1], keepDims: false }).constant).toBeDefined();
  });
});

type Step = (b: GraphBuilder, x: Value, pick: number) => Value;

/** Steps that work for any value of rank 3. */
const steps: Readonly<Record<string, Step>> = {
  Transpose: (b, x, pick) =>
    b.transpose(
      x,
      [
        [1, 2, 0],
        [2, 1, 0],
        [0, 2, 1],
      ][pick % 3],
    ),
  Slice: (b, x, pick) => {
    const axis = pick % 3;
    const backwards = pick % 2 === 1;
    const size = x.shape.map((dim, at) => (at === axis ? Math.ceil(dim / 2) : dim));
    const begin = x.shape.map((dim, at) => (at === axis && backwards ? dim - 1 : 0));
    return b.slice(
      x,
      begin,
      size,
      x.shape.map((_, at) => (at === axis && backwards ? -1 : 1)),
    );
  },
  PadV2: (b, x, pick) => {
    const paddings = x.shape.map((_, at) => (at === pick % 3 ? [1, 2] : [0, 0]));
    return b.op('PadV2', [x], { paddings, constantValue: 0.5 });
  },
  Reverse: (b, x, pick) => b.op('Reverse', [x], { dims: [pick % 3] }),
  Tile: (b, x, pick) =>
    b.op(
      'Tile',
      [x],
      {},
      [],
      x.shape.map((dim, at) => (at === pick % 3 ? dim * 2 : dim)),
    ),
  BroadcastTo: (b, x, pick) =>
    b.broadcastTo(b.op('Max', [x], { axes: [pick % 3], keepDims: true }), x.shape),
  Concat: (b, x, pick) => b.op('Concat', [x, b.op('Neg', [x]), x], { axis: pick % 3 }),
  GatherV2: (b, x, pick) => {
    const axis = pick % 3;
    const indices = b.hostConstant([2], 'int32', [x.shape[axis] - 1, 0]);
    return b.op('GatherV2', [x, indices], { axis, batchDims: 0 });
  },
  Add: (b, x, pick) => b.op('Add', [x, b.hostConstant([1, 1], 'float32', [pick % 5])]),
  Mean: (b, x, pick) => b.op('Mean', [x], { axes: [pick % 3], keepDims: true }),
  Sum: (b, x, pick) =>
    b.reshape(b.op('Sum', [x], { axes: [pick % 3], keepDims: false }), reduced(x, pick)),
  Select: (b, x) => b.op('Select', [b.op('Greater', [x, b.scalar(0)]), x, b.op('Square', [x])]),
  Cast: (b, x) => b.cast(b.cast(x, 'int32'), 'float32'),
};

function reduced(x: Value, pick: number): number[] {
  return [...x.shape.filter((_, at) => at !== pick % 3), 1];
}

describe('constants computed on the host', () => {
  it('are what tfjs computes', () => {
    const chains = fc.array(fc.tuple(fc.constantFrom(...Object.keys(steps)), fc.nat(10)), {
      minLength: 1,
      maxLength: 5,
    });
    const shapes = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 }));
    fc.assert(
      fc.property(chains, shapes, (chain, [rows, columns]) => {
        const shape = [rows, columns, 2];
        const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7) % 5) - 1.75);
        const run = (b: GraphBuilder, x: Value) =>
          chain.reduce((value, [name, pick]) => steps[name](b, value, pick), x);
        const folding = new GraphBuilder();
        const folded = run(folding, folding.hostConstant(shape, 'float32', data));
        expect(folded.constant?.host).toBeDefined();
        expect(folding.graph.nodes).toHaveLength(0);
        const b = new GraphBuilder();
        const value = run(b, b.input({ shape, dtype: 'float32' }));
        b.graph.outputs.push(value);
        const [expected] = interpret(b.graph, [tf.tensor(data, shape)]);
        expect(folded.shape).toEqual(expected.shape);
        expected.dataSync().forEach((element, i) => {
          expect(folded.constant?.host?.[i]).toBeCloseTo(element, 4);
        });
      }),
      { numRuns: 300 },
    );
  });
});
