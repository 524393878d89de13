/** Rules about dense layers: side by side, one after the other, and with nothing in between. */
import type { GraphBuilder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import { dense, input, product, rewrite, weight } from './rewritten';

const relu = (b: GraphBuilder, x: Value) => b.op('Relu', [x]);

/** Dense layers of these widths on `rows` rows, with relu in between. */
function mlp(rows: number, [first, ...widths]: readonly number[]) {
  return (b: GraphBuilder) =>
    widths.reduce(
      (x, columns, i) => dense(b, i ? relu(b, x) : x, columns),
      input(b, [rows, first]),
    );
}

describe('dense-chain', () => {
  it('makes one kernel of all layers, the last bias aside', () => {
    const { kernels, nodes, fired } = rewrite(mlp(64, [128, 256, 256, 64]));
    expect(kernels).toEqual(['DenseChain', 'Add']);
    expect(fired).toEqual(['dense-chain', 'dense-chain']);
    const [{ inputs, attrs }] = nodes;
    expect(inputs.map(({ shape }) => shape)).toEqual([
      ...[
        [64, 128],
        [128, 256],
        [256, 256],
        [256, 64],
      ],
      ...[
        [1, 256],
        [1, 256],
      ],
    ]);
    expect(attrs.activations).toHaveLength(2);
  });

  const tooLarge: [string, Parameters<typeof mlp>, string][] = [
    ['rows', [65, [8, 8, 8]], '65 rows are more than 64'],
    ['columns', [8, [8, 257, 8]], '257 columns of a layer are more than 256'],
    ['input', [8, [1025, 8, 8]], '1025 elements of a row are more than 1024'],
    [
      'weights',
      [1, [512, 256, 4]],
      '132096 weights, which every workgroup would read, are more than 131072',
    ],
  ];
  test.each(tooLarge)('refuses too many %s', (_what, sizes, reason) => {
    const { kernels, reasons } = rewrite(mlp(...sizes));
    expect(kernels).toEqual(['BatchMatMul', 'Add', 'Relu', 'BatchMatMul', 'Add']);
    expect(reasons('dense-chain')).toEqual([reason]);
  });

  test.each<[string, Parameters<typeof mlp>]>([
    ['rows', [64, [8, 8, 8]]],
    ['columns', [8, [8, 256, 8]]],
    ['input', [8, [1024, 8, 8]]],
    ['weights', [1, [508, 256, 4]]],
  ])('takes as many %s as there may be', (_what, sizes) => {
    expect(rewrite(mlp(...sizes)).kernels).toEqual(['DenseChain', 'Add']);
  });

  it('has each layer pay for itself where products stage tiles', () => {
    const target = { stagesTiles: true };
    expect(rewrite(mlp(64, [256, 128, 256]), target).kernels).toEqual(['DenseChain', 'Add']);
    const { kernels, reasons } = rewrite(mlp(64, [256, 132, 256]), target);
    expect(kernels).not.toContain('DenseChain');
    expect(reasons('dense-chain')).toEqual([
      '67584 weights, which every workgroup would read, are more than 65536',
    ]);
  });

  it('ends where a kernel could not bind more', () => {
    const layers = mlp(4, [8, 8, 8, 8, 8]);
    const { kernels, reasons } = rewrite(layers, { maxStorageBuffers: 8 });
    expect(kernels).toEqual(['DenseChain', 'Add', 'Relu', 'BatchMatMul', 'Add']);
    expect(reasons('dense-chain')).toEqual(['9 storage buffers are more than 8']);
    expect(rewrite(layers, { maxStorageBuffers: 10 }).kernels).toEqual(['DenseChain', 'Add']);
  });

  it('looks through reshapes, and at convolutions of one pixel', () => {
    const pad = { top: 0, bottom: 0, left: 0, right: 0 };
    const attrs = { strides: [1, 1], dilations: [1, 1], pad };
    const { kernels } = rewrite((b) => {
      const x = input(b, [2, 1, 1, 12]);
      const h = relu(b, b.op('Conv2D', [x, weight(b, [1, 1, 12, 4])], attrs));
      const back = b.reshape(h, [2, 4]);
      return product(b, relu(b, product(b, back, 8)), 12, true);
    });
    expect(kernels).toEqual(['Reshape', 'DenseChain']);
  });

  it('leaves convolutions that see more than a pixel', () => {
    const pad = { top: 0, bottom: 0, left: 0, right: 0 };
    const { kernels, reasons } = rewrite((b) => {
      const conv = (x: Value, stride: number, size: number) =>
        b.op('Conv2D', [x, weight(b, [size, size, 4, 4])], {
          strides: [stride, stride],
          dilations: [1, 1],
          pad,
        });
      const x = conv(input(b, [1, 8, 8, 4]), 2, 1);
      return conv(relu(b, conv(relu(b, x), 1, 2)), 1, 1);
    });
    expect(kernels).toEqual(['Conv2D', 'Relu', 'Conv2D', 'Relu', 'Conv2D']);
    expect(reasons('dense-chain')).toEqual([]);
  });

  it('refuses a hidden layer that others need', () => {
    const { reasons } = rewrite((b) => {
      const h = relu(b, dense(b, input(b, [4, 8]), 8));
      return [h, dense(b, h, 4)];
    });
    expect(reasons('dense-chain')).toEqual(['its hidden layer is needed elsewhere as well']);
  });

  it('takes what others need as an operand', () => {
    const { nodes } = rewrite((b) => {
      const h = relu(b, dense(b, input(b, [4, 8]), 8));
      const sum = b.op('Add', [product(b, h, 8), h]);
      return [product(b, relu(b, sum), 4), b.op('Neg', [h])];
    });
    const chain = nodes.find(({ kernel }) => kernel === 'DenseChain');
    expect(chain?.inputs.map(({ shape }) => shape)).toEqual([
      [4, 8],
      [8, 8],
      [8, 4],
      [4, 8],
    ]);
  });

  it('refuses two products in a hidden layer', () => {
    const { reasons } = rewrite((b) => {
      const sum = b.op('Add', [product(b, input(b, [4, 8]), 8), product(b, input(b, [4, 6]), 8)]);
      return product(b, relu(b, sum), 4);
    });
    expect(reasons('dense-chain')).toEqual(['its hidden layer joins two products']);
  });

  it('refuses operands that are of neither rows nor columns', () => {
    const { reasons } = rewrite((b) => {
      const h = b.op('Multiply', [product(b, input(b, [2, 3, 8]), 8), input(b, [2, 1, 8])]);
      return product(b, h, 4);
    });
    expect(reasons('dense-chain')).toEqual([
      'its operand [2,1,8] is neither one a row nor one a column of [2,3,8]',
    ]);
  });

  it('refuses integers', () => {
    const { kernels, reasons } = rewrite((b) => {
      const ints = (shape: number[]) => b.constant({ shape, dtype: 'int32' }, { handle: {} });
      const plain = { transposeA: false, transposeB: false };
      const x = b.input({ shape: [4, 8], dtype: 'int32' });
      const h = b.op('Relu', [b.op('BatchMatMul', [x, ints([8, 8])], plain)]);
      return b.op('BatchMatMul', [h, ints([8, 4])], plain);
    });
    expect(kernels).toEqual(['BatchMatMul', 'Relu', 'BatchMatMul']);
    expect(reasons('dense-chain')).toEqual(['rows and weights must be float32']);
  });
});

describe('gated-product', () => {
  const silu = (b: GraphBuilder, x: Value) => b.op('Multiply', [x, b.op('Sigmoid', [x])]);

  it('joins gate and value, activation and biases', () => {
    const { kernels, nodes, fired } = rewrite((b) => {
      const x = input(b, [200, 300]);
      return b.op('Multiply', [dense(b, x, 400), silu(b, dense(b, x, 400))]);
    });
    expect(kernels).toEqual(['GatedMatMul']);
    expect(fired).toEqual(['gated-product']);
    expect(nodes[0].inputs).toHaveLength(5);
  });

  it.each<[string, (b: GraphBuilder) => Value | Value[], string]>([
    [
      'of different rows',
      (b) => {
        const [x, y] = [input(b, [4, 8]), input(b, [4, 8])];
        return b.op('Multiply', [silu(b, product(b, x, 6)), product(b, y, 6)]);
      },
      'its products are of different rows',
    ],
    [
      'laid out differently',
      (b) => {
        const x = input(b, [4, 8]);
        return b.op('Multiply', [silu(b, product(b, x, 6)), product(b, x, 6, true)]);
      },
      'its weights are laid out differently',
    ],
    [
      'needed elsewhere',
      (b) => {
        const x = input(b, [4, 8]);
        const value = product(b, x, 6);
        return [b.op('Multiply', [silu(b, product(b, x, 6)), value]), b.op('Neg', [value])];
      },
      'one of its products is needed elsewhere as well',
    ],
    [
      'of which there are three',
      (b) => {
        const x = input(b, [4, 8]);
        const sum = b.op('Add', [product(b, x, 6), product(b, x, 6)]);
        return b.op('Multiply', [relu(b, sum), product(b, x, 6)]);
      },
      'it joins 3 products',
    ],
  ])('refuses products %s', (_what, write, reason) => {
    const { kernels, reasons } = rewrite(write);
    expect(kernels).not.toContain('GatedMatMul');
    expect(reasons('gated-product')).toContain(reason);
  });
});

describe('fold-linear', () => {
  it('makes one layer of two, and of their biases', () => {
    const { kernels, nodes, fired } = rewrite((b) =>
      dense(b, dense(b, input(b, [100, 16]), 64), 16),
    );
    expect(kernels).toEqual(['BatchMatMul', 'Add']);
    expect(fired).toContain('fold-linear');
    expect(nodes[0].inputs[1].shape).toEqual([16, 16]);
  });

  it('looks through reshapes that keep columns', () => {
    const { kernels } = rewrite((b) => {
      const h = product(b, input(b, [2, 50, 16]), 64);
      return product(b, b.reshape(h, [100, 64]), 16);
    });
    expect(kernels).toEqual(['Reshape', 'BatchMatMul']);
  });

  it.each<[string, (b: GraphBuilder) => Value | Value[], string]>([
    [
      'what is cheaper apart, as an adapter of low rank is',
      (b) => product(b, product(b, input(b, [100, 64]), 4), 64),
      'one layer would take 4096 multiply-adds a row, two take 512',
    ],
    [
      'rows that a reshape makes anew',
      (b) => product(b, b.reshape(product(b, input(b, [100, 8]), 32), [50, 64]), 8),
      'a reshape mixes rows and columns in between',
    ],
    [
      'a bias for each row',
      (b) => {
        const h = b.op('Add', [product(b, input(b, [100, 8]), 32), weight(b, [100, 1])]);
        return product(b, h, 8);
      },
      'what is added in between, [100,1], is not one for each column',
    ],
  ])('refuses %s', (_what, write, reason) => {
    const { reasons } = rewrite(write);
    expect(reasons('fold-linear')).toEqual([reason]);
  });

  it('refuses a layer that others need', () => {
    const { reasons } = rewrite((b) => {
      const h = product(b, input(b, [100, 8]), 32);
      return [h, product(b, h, 8)];
    });
    expect(reasons('fold-linear')).toEqual(['a BatchMatMul is an output']);
  });
});
