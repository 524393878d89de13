import { compilePlan } from '../../../src/compiler/compile';
import { PipelineCache } from '../../../src/runtime/pipelines';
import type { ShaderProgram } from '../../../src/fused-kernels/wgsl/kernel-writer';
import { GraphBuilder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import { conv, float } from '../patterns/fuse';
import { softwareTarget } from '../fused-kernels/target';

function programOf(build: (b: GraphBuilder) => Value): ShaderProgram {
  const b = new GraphBuilder();
  b.graph.outputs = [build(b)];
  const { dispatches } = compilePlan(b.graph, softwareTarget, 'test');
  expect(dispatches).toHaveLength(1);
  return dispatches[0].program;
}

type Build = (b: GraphBuilder) => Value;

describe('shapes that lead to the same text share a pipeline', () => {
  const pairs: [string, Build, Build][] = [
    [
      'pointwise convolutions of different sizes',
      (b) => b.op('Relu', [conv(b, float(b, 1, 14, 14, 32), 64)]),
      (b) => b.op('Relu', [conv(b, float(b, 1, 28, 28, 16), 32)]),
    ],
    [
      'loops over different lengths',
      (b) => b.op('Relu', [b.op('Add', [float(b, 640), float(b, 640)])]),
      (b) => b.op('Relu', [b.op('Add', [float(b, 48, 20), float(b, 48, 20)])]),
    ],
    [
      'reductions of different lengths',
      (b) => b.op('Sum', [float(b, 50, 30)], { axes: [1], keepDims: false }),
      (b) => b.op('Sum', [float(b, 90, 70)], { axes: [1], keepDims: true }),
    ],
    [
      'softmax of different sizes',
      (b) => b.op('Softmax', [float(b, 7, 12)]),
      (b) => b.op('Softmax', [float(b, 9, 20)]),
    ],
  ];
  test.each(pairs)('%s', (_name, one, other) => {
    const [a, b] = [programOf(one), programOf(other)];
    expect(b.wgsl).toBe(a.wgsl);
    expect([...new Int32Array(b.uniforms)]).not.toEqual([...new Int32Array(a.uniforms)]);
  });
});

describe('what changes the text', () => {
  const base: Build = (b) => b.op('Relu', [conv(b, float(b, 1, 14, 14, 32), 64)]);
  const others: [string, Build][] = [
    ['another activation', (b) => b.op('Relu6', [conv(b, float(b, 1, 14, 14, 32), 64)])],
    ['no vectors', (b) => b.op('Relu', [conv(b, float(b, 1, 14, 14, 32), 63)])],
    [
      'a batch of convolved rows with padding',
      (b) => {
        const pad = { top: 1, bottom: 1, left: 1, right: 1 };
        const operands = [float(b, 1, 14, 14, 32), float(b, 3, 3, 32, 64)];
        return b.op('Relu', [
          b.op('Conv2D', operands, { strides: [1, 1], dilations: [1, 1], pad }),
        ]);
      },
    ],
  ];
  test.each(others)('%s', (_name, other) => {
    expect(programOf(other).wgsl).not.toBe(programOf(base).wgsl);
  });
});

test('the cache makes one pipeline for each text, and one layout for each kind of bindings', () => {
  const made = { modules: 0, pipelines: 0, layouts: 0 };
  const device = {
    createShaderModule: () => ++made.modules,
    createComputePipeline: () => ++made.pipelines,
    createPipelineLayout: () => ({}),
    createBindGroupLayout: () => ++made.layouts,
  } as unknown as GPUDevice;
  const shaderStage = Object.getOwnPropertyDescriptor(globalThis, 'GPUShaderStage');
  Object.defineProperty(globalThis, 'GPUShaderStage', {
    value: { COMPUTE: 4 },
    configurable: true,
  });
  const cache = new PipelineCache(device, { compile: (run) => run() });
  const relu = programOf((b) => b.op('Relu', [float(b, 64)]));
  const longer = programOf((b) => b.op('Relu', [float(b, 128)]));
  const neg = programOf((b) => b.op('Neg', [float(b, 64)]));
  expect(cache.get(longer, 'longer')).toBe(cache.get(relu, 'relu'));
  expect(cache.get(neg, 'neg')).not.toBe(cache.get(relu, 'relu'));
  expect(made).toEqual({ modules: 2, pipelines: 2, layouts: 1 });
  expect(cache.size).toBe(2);
  if (shaderStage) Object.defineProperty(globalThis, 'GPUShaderStage', shaderStage);
  else Reflect.deleteProperty(globalThis, 'GPUShaderStage');
});
