import { GraphBuilder } from '../../../src/ir/builder';
import { splitConstantPart } from '../../../src/ir/constant-part';
import { removeDeadNodes, type Graph, type Value } from '../../../src/ir/graph';
import { rewriteGraph } from '../../../src/registry/rules';

const noPad = { top: 0, bottom: 0, left: 0, right: 0 };
const windowAttrs = { strides: [1, 1], dilations: [1, 1], pad: noPad };

/** A weight that only the device knows. */
function weight(b: GraphBuilder, shape: number[]): Value {
  return b.constant({ shape, dtype: 'float32' }, { handle: {} });
}

function conv(b: GraphBuilder, x: Value, filter: Value): Value {
  return b.op('Conv2D', [x, filter], windowAttrs, ['conv']);
}

function rewritten(write: (b: GraphBuilder) => Value | Value[]) {
  const b = new GraphBuilder();
  b.graph.outputs.push(...[write(b)].flat());
  const result = rewriteGraph(b.graph);
  removeDeadNodes(b.graph);
  return { graph: b.graph, ...result };
}

/** Kernels left once the constant part is taken out. */
function rest(graph: Graph): string[] {
  splitConstantPart(graph);
  return graph.nodes.map((node) => node.kernel);
}

const image = { shape: [1, 8, 8, 4], dtype: 'float32' } as const;

describe('fold-scale', () => {
  it('folds a factor and a shift into a convolution', () => {
    const { graph, rewrites } = rewritten((b) => {
      const y = b.op('Add', [conv(b, b.input(image), weight(b, [3, 3, 4, 6])), weight(b, [6])]);
      return b.op('Add', [b.op('Multiply', [y, weight(b, [6])], {}, ['bn']), weight(b, [6])]);
    });
    expect(rewrites.map(({ rule }) => rule)).toEqual(['fold-scale', 'merge-constant-add']);
    expect(rewrites[0].nodes).toEqual(expect.arrayContaining(['bn', 'conv']));
    expect(rest(graph)).toEqual(['Conv2D', 'Add']);
  });

  it('finds the channels of every kind of filter', () => {
    const cases: [string, number[], number[], object, number[]][] = [
      ['Conv2D', [1, 8, 8, 4], [3, 3, 4, 6], windowAttrs, [6]],
      ['DepthwiseConv2dNative', [1, 8, 8, 4], [3, 3, 4, 2], windowAttrs, [4, 2]],
      ['BatchMatMul', [5, 4], [4, 6], { transposeA: false, transposeB: false }, [6]],
      ['BatchMatMul', [5, 4], [6, 4], { transposeA: false, transposeB: true }, [6, 1]],
    ];
    for (const [kernel, shape, filter, attrs, factor] of cases) {
      const { graph } = rewritten((b) => {
        const x = b.input({ shape, dtype: 'float32' });
        const y = b.op(kernel, [x, weight(b, filter)], { ...attrs });
        return b.op('Multiply', [y, weight(b, [y.shape[y.shape.length - 1]])]);
      });
      const [scale, product] = graph.nodes;
      expect([scale.kernel, product.kernel]).toEqual(['Multiply', kernel]);
      expect(scale.inputs[1].shape).toEqual(factor);
      expect(scale.outputs[0].shape).toEqual(filter);
    }
  });

  it('refuses a factor for each pixel', () => {
    const { rewrites, refusals } = rewritten((b) => {
      const y = conv(b, b.input(image), weight(b, [1, 1, 4, 6]));
      return b.op('Multiply', [y, weight(b, [8, 8, 1])]);
    });
    expect(rewrites).toEqual([]);
    expect(refusals[0].reason).toMatch(/not one for each of the 6 output channels/);
  });

  it('leaves a shift before a padded convolution where it is', () => {
    const { graph } = rewritten((b) => {
      const x = b.op('Add', [b.input(image), weight(b, [4])]);
      const pad = { top: 1, bottom: 1, left: 1, right: 1 };
      return b.op('Conv2D', [x, weight(b, [3, 3, 4, 6])], { ...windowAttrs, pad });
    });
    expect(rest(graph)).toEqual(['Add', 'Conv2D']);
  });
});

describe('fold-pad', () => {
  const padded = (paddings: number[][], constantValue: number, kernel: string) =>
    rewritten((b) => {
      const x = b.op('PadV2', [b.input(image)], { paddings, constantValue });
      if (kernel === 'MaxPool') return b.op(kernel, [x], { ...windowAttrs, filterSize: [2, 2] });
      return b.op(kernel, [x, weight(b, [3, 3, x.shape[3], 2])], windowAttrs);
    });
  const spatial = [
    [0, 0],
    [1, 2],
    [0, 3],
    [0, 0],
  ];

  it('becomes padding of the convolution', () => {
    for (const kernel of ['Conv2D', 'DepthwiseConv2dNative']) {
      const { graph } = padded(spatial, 0, kernel);
      expect(graph.nodes.map((node) => node.kernel)).toEqual([kernel]);
      expect(graph.nodes[0].attrs.pad).toEqual({ top: 1, bottom: 2, left: 0, right: 3 });
    }
  });

  it('refuses other values, other axes, and pools', () => {
    expect(padded(spatial, -1, 'Conv2D').refusals[0].reason).toBe('it pads with -1, not with 0');
    const channels = [...spatial.slice(0, 3), [0, 2]];
    expect(padded(channels, 0, 'Conv2D').refusals[0].reason).toBe('it pads batch or channels');
    expect(padded(spatial, 0, 'MaxPool').graph.nodes).toHaveLength(2);
  });
});

describe('constant parts', () => {
  it('are taken out, save what only spreads', () => {
    const b = new GraphBuilder();
    const x = b.input({ shape: [64, 64], dtype: 'float32' });
    const row = b.op('Sqrt', [weight(b, [64])]);
    const spread = b.op('BroadcastTo', [b.reshape(row, [1, 64])], {}, [], [64, 64]);
    b.graph.outputs.push(b.op('Add', [x, spread]));
    const part = splitConstantPart(b.graph);
    expect(b.graph.nodes.map((node) => node.kernel)).toEqual(['BroadcastTo', 'Add']);
    expect(part?.graph.nodes.map((node) => node.kernel)).toEqual(['Sqrt', 'Reshape']);
    expect(part?.results).toHaveLength(1);
  });

  it('may be all there is', () => {
    const b = new GraphBuilder();
    b.graph.outputs.push(b.op('Sqrt', [weight(b, [64])]));
    const part = splitConstantPart(b.graph);
    expect(b.graph.nodes).toEqual([]);
    expect(b.graph.outputs).toEqual(part?.results);
  });
});
