import { GraphBuilder } from '../../../src/ir/builder';
import { removeDeadNodes } from '../../../src/ir/graph';
import { rewriteGraph } from '../../../src/registry/rules';

/** The shapes that the reductions of a rewritten graph read, and why a rule did not fire. */
function reductions(shape: number[], axes: number[], keepDims = false) {
  const b = new GraphBuilder();
  const y = b.op('Mean', [b.input({ shape, dtype: 'float32' })], { axes, keepDims });
  b.graph.outputs.push(y);
  const { refusals } = rewriteGraph(b.graph);
  removeDeadNodes(b.graph);
  const means = b.graph.nodes.filter(({ kernel }) => kernel === 'Mean');
  return {
    read: means.map(({ inputs: [x] }) => x.shape),
    result: b.graph.outputs[0].shape,
    reasons: refusals.map(({ reason }) => reason),
  };
}

describe('split-reduction', () => {
  it('divides the mean of everything', () => {
    expect(reductions([1024, 1024], [0, 1]).read).toEqual([[1024, 1024], [1024]]);
  });

  it('divides the mean over the last axes', () => {
    const { read } = reductions([3, 384, 512], [1, 2]);
    expect(read).toEqual([
      [3, 1024, 192],
      [3, 1024],
    ]);
  });

  it('keeps the shape of the result', () => {
    expect(reductions([2, 65536], [1], true).result).toEqual([2, 1]);
    expect(reductions([65536], [0], false).result).toEqual([]);
  });

  it.each([
    ['short ones', [64, 1000], [0, 1]],
    ['many results', [64, 65536], [1]],
    ['axes that are not the last', [65536, 3], [0]],
  ])('leaves %s', (_what, shape, axes) => {
    expect(reductions(shape, axes)).toMatchObject({ read: [shape], reasons: [] });
  });

  it('says why it leaves a length that cannot be divided', () => {
    expect(reductions([65537], [0]).reasons).toEqual(['65537 elements have no even parts']);
  });
});
