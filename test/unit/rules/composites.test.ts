import { GraphBuilder } from '../../../src/ir/builder';
import { removeDeadNodes, type Shape, type Value } from '../../../src/ir/graph';
import { rewriteGraph } from '../../../src/registry/rules';

type Build = (b: GraphBuilder, x: Value) => Value | Value[];

/** Kernels after rewriting, what fired, and the reasons of one rule. */
function rewritten(shape: Shape, write: Build) {
  const b = new GraphBuilder();
  b.graph.outputs.push(...[write(b, b.input({ shape, dtype: 'float32' }))].flat());
  const { rewrites, refusals } = rewriteGraph(b.graph);
  removeDeadNodes(b.graph);
  return {
    kernels: b.graph.nodes.map(({ kernel }) => kernel),
    nodes: b.graph.nodes,
    fired: rewrites.map(({ rule }) => rule),
    reasons: (rule: string) => refusals.filter((r) => r.rule === rule).map(({ reason }) => reason),
  };
}

const weight = (b: GraphBuilder, shape: Shape) =>
  b.constant({ shape, dtype: 'float32' }, { handle: {} });
const reduce = (b: GraphBuilder, kernel: string, x: Value, axes = [1], keepDims = true) =>
  b.op(kernel, [x], { axes, keepDims });
const epsilon = (b: GraphBuilder, x: Value) => b.op('Add', [x, b.scalar(1e-5)]);

describe('layer-norm', () => {
  const forms: Record<string, Build> = {
    'centred, times rsqrt': (b, x) => {
      const c = b.op('Sub', [x, reduce(b, 'Mean', x)]);
      const variance = reduce(b, 'Mean', b.op('Square', [c]));
      return b.op('Multiply', [c, b.op('Rsqrt', [epsilon(b, variance)])]);
    },
    'squared as a product, over a root': (b, x) => {
      const c = b.op('Sub', [x, reduce(b, 'Mean', x)]);
      const variance = reduce(b, 'Mean', b.op('Multiply', [c, c]));
      return b.op('RealDiv', [c, b.op('Sqrt', [epsilon(b, variance)])]);
    },
    'squared by pow (ONNX)': (b, x) => {
      const c = b.op('Sub', [x, reduce(b, 'Mean', x)]);
      const variance = reduce(b, 'Mean', b.op('Pow', [c, b.scalar(2)]));
      return b.op('RealDiv', [c, b.op('Sqrt', [epsilon(b, variance)])]);
    },
    'moments (TensorFlow)': (b, x) => {
      const mean = reduce(b, 'Mean', x);
      const variance = reduce(b, 'Mean', b.op('SquaredDifference', [x, mean]));
      const g = b.op('Multiply', [b.op('Rsqrt', [epsilon(b, variance)]), weight(b, [8])]);
      const shift = b.op('Sub', [weight(b, [8]), b.op('Multiply', [mean, g])]);
      return b.op('Add', [b.op('Multiply', [x, g]), shift]);
    },
    'moments without offset': (b, x) => {
      const mean = reduce(b, 'Mean', x);
      const variance = reduce(b, 'Mean', b.op('SquaredDifference', [x, mean]));
      const g = b.op('Rsqrt', [epsilon(b, variance)]);
      return b.op('Sub', [b.op('Multiply', [x, g]), b.op('Multiply', [mean, g])]);
    },
    'sums, E[x²] − E[x]², clipped (Flax)': (b, x) => {
      const mean = b.op('Multiply', [reduce(b, 'Sum', x, [1], false), b.scalar(1 / 8)]);
      const power = b.op('RealDiv', [
        reduce(b, 'Sum', b.op('Square', [x]), [1], false),
        b.scalar(8),
      ]);
      const variance = b.op('Maximum', [b.op('Sub', [power, b.op('Square', [mean])]), b.scalar(0)]);
      const inverse = b.op('Rsqrt', [epsilon(b, b.reshape(variance, [3, 1]))]);
      const c = b.op('Sub', [x, b.reshape(mean, [3, 1])]);
      return b.op('Multiply', [c, b.op('Multiply', [inverse, weight(b, [8])])]);
    },
  };

  test.each(Object.keys(forms))('%s', (name) => {
    const { kernels, fired } = rewritten([3, 8], forms[name]);
    expect(fired).toContain('layer-norm');
    expect(kernels.filter((kernel) => !['Multiply', 'Add'].includes(kernel))).toEqual([
      'Normalize',
    ]);
  });

  it('leaves to rms-norm what is centred for others too', () => {
    const { kernels, fired } = rewritten([3, 8], (b, x) => {
      const c = b.op('Sub', [x, reduce(b, 'Mean', x)]);
      const variance = reduce(b, 'Mean', b.op('Square', [c]));
      return [b.op('Multiply', [c, b.op('Rsqrt', [epsilon(b, variance)])]), b.op('Relu', [c])];
    });
    expect(fired).toEqual(['rms-norm']);
    expect(kernels).toEqual(['Mean', 'Sub', 'Relu', 'Normalize']);
  });

  it('refuses what others read', () => {
    const { reasons } = rewritten([3, 8], (b, x) => {
      const mean = reduce(b, 'Mean', x);
      const variance = reduce(b, 'Mean', b.op('SquaredDifference', [x, mean]));
      const y = b.op('Multiply', [b.op('Sub', [x, mean]), b.op('Rsqrt', [epsilon(b, variance)])]);
      return [y, variance];
    });
    expect(reasons('layer-norm')).toEqual(['a Mean is an output']);
  });

  it('refuses statistics of other axes', () => {
    const { reasons } = rewritten([8, 8], (b, x) => {
      const mean = reduce(b, 'Mean', x, [0]);
      const c = b.op('Sub', [x, mean]);
      const variance = reduce(b, 'Mean', b.op('SquaredDifference', [x, mean]), [1]);
      return b.op('Multiply', [c, b.op('Rsqrt', [epsilon(b, variance)])]);
    });
    expect(reasons('layer-norm')).toEqual(['its statistics are taken over different axes']);
  });

  it('refuses a mean that meets other rows', () => {
    const { reasons } = rewritten([8, 8], (b, x) => {
      const mean = reduce(b, 'Mean', x, [1], false);
      const c = b.op('Sub', [x, mean]);
      const variance = reduce(b, 'Mean', b.op('SquaredDifference', [x, mean]), [1]);
      return b.op('Multiply', [c, b.op('Rsqrt', [epsilon(b, variance)])]);
    });
    expect(reasons('layer-norm')).toEqual(['its average [8] is not one for each row of x [8,8]']);
  });
});

describe('other norms', () => {
  it('rms-norm, with its factor inside', () => {
    const { kernels } = rewritten([3, 8], (b, x) => {
      const power = reduce(b, 'Mean', b.op('Square', [x]));
      const inverse = b.op('Rsqrt', [epsilon(b, power)]);
      return b.op('Multiply', [x, b.op('Multiply', [inverse, weight(b, [8])])]);
    });
    expect(kernels).toEqual(['Normalize', 'Multiply']);
  });

  it('l2-norm', () => {
    const { nodes } = rewritten([3, 8], (b, x) => {
      const sum = reduce(b, 'Sum', b.op('Square', [x]));
      return b.op('Multiply', [x, b.op('Rsqrt', [b.op('Maximum', [sum, b.scalar(1e-12)])])]);
    });
    expect(nodes.map(({ kernel, attrs }) => [kernel, attrs.form])).toEqual([['Normalize', 'l2']]);
  });
});

describe('softmax', () => {
  const pieces = (b: GraphBuilder, x: Value, axis: number) => {
    const e = b.op('Exp', [b.op('Sub', [x, reduce(b, 'Max', x, [axis])])]);
    return b.op('RealDiv', [e, reduce(b, 'Sum', e, [axis])]);
  };

  it('is found in pieces', () => {
    expect(rewritten([3, 8], (b, x) => pieces(b, x, 1)).kernels).toEqual(['Softmax']);
  });

  it('is refused along another axis', () => {
    const { reasons } = rewritten([3, 8], (b, x) => pieces(b, x, 0));
    expect(reasons('softmax')).toEqual(['it does not run along the last axis']);
  });

  it('is found as logarithm', () => {
    const { kernels } = rewritten([3, 8], (b, x) => {
      const shifted = b.op('Sub', [x, reduce(b, 'Max', x)]);
      return b.op('Sub', [shifted, b.op('Log', [reduce(b, 'Sum', b.op('Exp', [shifted]))])]);
    });
    expect(kernels).toEqual(['LogSoftmax']);
  });
});

describe('attention', () => {
  const plain = { transposeA: false, transposeB: false };
  const transposed = { transposeA: false, transposeB: true };
  const attend = (change: (b: GraphBuilder, scores: Value) => Value, head = 4): Build => {
    return (b) => {
      const [q, k, v] = [5, 7, 7].map((n) => b.input({ shape: [2, n, head], dtype: 'float32' }));
      const scores = change(b, b.op('BatchMatMul', [q, k], transposed));
      return b.op('BatchMatMul', [b.op('Softmax', [scores]), v], plain);
    };
  };

  it('is one kernel, with what stands before its softmax', () => {
    const { kernels } = rewritten(
      [1],
      attend((b, s) => b.op('Add', [b.op('Multiply', [s, b.scalar(0.5)]), weight(b, [5, 7])])),
    );
    expect(kernels).toEqual(['Attention']);
  });

  it('is refused where the weights are an output', () => {
    const { reasons } = rewritten([1], (b) => {
      const y = attend((_b, s) => s)(b, b.scalar(0)) as Value;
      return [y, y.producer?.inputs[0] as Value];
    });
    expect(reasons('attention')).toEqual(['a Softmax is an output']);
  });

  it('is refused where others read the scores', () => {
    const others: Value[] = [];
    const { reasons } = rewritten([1], (b, x) => {
      const y = attend((_b, s) => {
        others.push(b.op('Relu', [s]));
        return s;
      })(b, x);
      return [y as Value, ...others];
    });
    expect(reasons('attention')).toEqual(['its scores are used by Relu as well']);
  });

  it('is refused without a product, and with heads beyond the registers', () => {
    const noProduct = rewritten([2, 5, 7], (b, x) => {
      const v = b.input({ shape: [2, 7, 4], dtype: 'float32' });
      return b.op('BatchMatMul', [b.op('Softmax', [x]), v], plain);
    });
    expect(noProduct.reasons('attention')).toEqual(['its scores are no product']);
    const large = rewritten(
      [1],
      attend((_b, s) => s, 320),
    );
    expect(large.reasons('attention')).toEqual(['a head of 320 is larger than 256']);
  });
});

describe('widen-dense', () => {
  const plain = { transposeA: false, transposeB: false };
  const dense = (b: GraphBuilder, x: Value, columns: number) =>
    b.op('Add', [b.op('BatchMatMul', [x, weight(b, [8, columns])], plain), weight(b, [columns])]);
  const use = (b: GraphBuilder, y: Value) => b.op('Softmax', [y]);

  it('joins products of one operand', () => {
    const { nodes, fired } = rewritten([3, 8], (b, x) => [
      use(b, dense(b, x, 4)),
      use(b, b.op('BatchMatMul', [x, weight(b, [8, 6])], plain)),
    ]);
    expect(fired).toEqual(['widen-dense']);
    const product = nodes.find(({ kernel }) => kernel === 'BatchMatMul');
    expect(product?.outputs[0].shape).toEqual([3, 10]);
    const slices = nodes.filter(({ kernel }) => kernel === 'Slice');
    expect(slices.map(({ attrs }) => attrs.begin)).toEqual([
      [0, 0],
      [0, 4],
    ]);
  });

  it('leaves alone what an epilogue follows', () => {
    const { fired, reasons } = rewritten([3, 8], (b, x) => [
      b.op('Relu', [dense(b, x, 4)]),
      b.op('Tanh', [dense(b, x, 4)]),
    ]);
    expect(fired).toEqual([]);
    expect(reasons('widen-dense')).toEqual([]);
  });
});

describe('widen-convolution', () => {
  const pad = { top: 0, bottom: 0, left: 0, right: 0 };
  const attrs = { strides: [1, 1], dilations: [1, 1], pad };
  const conv = (b: GraphBuilder, x: Value, channels: number) =>
    b.op('Conv2D', [x, weight(b, [1, 1, x.shape[3], channels])], attrs);
  const arms = (shape: Shape, ...channels: number[]) =>
    rewritten(shape, (b, x) =>
      channels.map((count) => conv(b, b.op('Relu', [conv(b, x, count)]), 2)),
    );

  it('joins convolutions of one image, and their activations', () => {
    const { nodes, fired } = arms([1, 9, 9, 4], 4, 6);
    expect(fired).toEqual(['widen-convolution']);
    const [joint] = nodes.filter(({ kernel }) => kernel === 'Conv2D');
    expect(joint.outputs[0].shape).toEqual([1, 9, 9, 10]);
    expect(nodes.filter(({ kernel }) => kernel === 'Relu')).toHaveLength(1);
  });

  it('refuses to make channels unaligned', () => {
    const { reasons } = arms([1, 9, 9, 4], 6, 4);
    expect(reasons('widen-convolution')[0]).toBe('6 channels would leave the next ones unaligned');
  });

  it('leaves few pixels to chains of dense layers', () => {
    expect(arms([1, 8, 8, 4], 4, 4).fired).not.toContain('widen-convolution');
  });
});

describe('sink-constant', () => {
  const heads = (change: (b: GraphBuilder, y: Value) => Value) =>
    rewritten([6, 8], (b, x) => {
      const attrs = { transposeA: false, transposeB: false };
      return change(
        b,
        b.reshape(b.op('BatchMatMul', [x, weight(b, [8, 12])], attrs), [2, 3, 3, 4]),
      );
    });

  it('adds the bias of heads in front of their reshape', () => {
    const { kernels } = heads((b, y) => b.op('Add', [y, weight(b, [3, 4])]));
    expect(kernels).toEqual(['Reshape', 'BatchMatMul', 'Add', 'Reshape'].slice(-3));
  });

  it('refuses a bias of other axes', () => {
    const { reasons } = heads((b, y) => b.op('Add', [y, weight(b, [3, 1, 4])]));
    expect(reasons('sink-constant')[0]).toMatch(/is not one for each of the 12 columns/);
  });
});
