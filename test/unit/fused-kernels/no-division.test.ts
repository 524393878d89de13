/**
 * Integer divisions take a GPU some twenty instructions: none belongs inside a loop over k, where
 * every candidate of every product, convolution and attention spends its time.
 */
import { compilePlan } from '../../../src/compiler/compile';
import { GraphBuilder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import type { Choose, KernelTarget } from '../../../src/fused-kernels/target';
import { float } from '../patterns/fuse';
import { gpuTarget } from './target';

const conv = (stride: number, dilation: number, pad: number) => ({
  strides: [stride, stride],
  dilations: [dilation, dilation],
  pad: { top: pad, bottom: pad, left: pad, right: pad },
});
const plain = { transposeA: false, transposeB: false };

const cases: Record<string, (b: GraphBuilder) => Value> = {
  'a large product': (b) => b.op('BatchMatMul', [float(b, 512, 512), float(b, 512, 512)], plain),
  'a product of odd sizes': (b) =>
    b.op('BatchMatMul', [float(b, 197, 333), float(b, 333, 511)], plain),
  'a batch, transposed': (b) =>
    b.op('BatchMatMul', [float(b, 8, 512, 64), float(b, 8, 512, 64)], {
      ...plain,
      transposeB: true,
    }),
  'one row': (b) => b.op('BatchMatMul', [float(b, 1, 2048), float(b, 2048, 2048)], plain),
  'a convolution': (b) =>
    b.op('Conv2D', [float(b, 1, 56, 56, 64), float(b, 3, 3, 64, 64)], conv(1, 1, 1)),
  'a convolution with stride and dilation': (b) =>
    b.op('Conv2D', [float(b, 1, 29, 31, 36), float(b, 3, 3, 36, 40)], conv(2, 2, 1)),
  'a pointwise convolution': (b) =>
    b.op('Conv2D', [float(b, 1, 14, 14, 512), float(b, 1, 1, 512, 512)], conv(1, 1, 0)),
  'a first convolution': (b) =>
    b.op('Conv2D', [float(b, 1, 224, 224, 3), float(b, 3, 3, 3, 32)], conv(2, 1, 1)),
  'a convolution of five channels, a long row of taps': (b) =>
    b.op('Conv2D', [float(b, 1, 30, 31, 5), float(b, 3, 11, 5, 20)], conv(1, 1, 1)),
  'a convolution between planes': (b) => {
    const x = b.op('Transpose', [float(b, 2, 24, 15, 20)], { perm: [0, 2, 3, 1] });
    const y = b.op('Conv2D', [x, float(b, 3, 3, 24, 36)], conv(1, 1, 1));
    return b.op('Transpose', [y], { perm: [0, 3, 1, 2] });
  },
  'a convolution of a concatenation': (b) => {
    const parts = [float(b, 1, 20, 20, 16), b.op('Relu', [float(b, 1, 20, 20, 20)])];
    const x = b.op('Concat', parts, { axis: 3 });
    return b.op('Conv2D', [x, float(b, 3, 3, 36, 24)], conv(1, 1, 1));
  },
  'a transposed convolution': (b) => {
    const inputs = [float(b, 1, 14, 14, 32), float(b, 4, 4, 24, 32)];
    return b.op('Conv2DBackpropInput', inputs, conv(2, 1, 1), [], [1, 28, 28, 24]);
  },
  'a transposed convolution of odd size': (b) => {
    const attrs = { strides: [3, 2], pad: { top: 1, bottom: 1, left: 0, right: 1 } };
    const inputs = [float(b, 2, 9, 9, 18), float(b, 4, 2, 24, 18)];
    return b.op('Conv2DBackpropInput', inputs, attrs, [], [2, 26, 17, 24]);
  },
};

/** Shaders of a graph with every candidate of every choice that it makes, taken one by one. */
function shadersOf(build: (b: GraphBuilder) => Value): Map<string, string[]> {
  const shaders = (choose: Choose): string[] => {
    const b = new GraphBuilder();
    b.graph.outputs = [build(b)];
    const target: KernelTarget = { ...gpuTarget, choose };
    return compilePlan(b.graph, target, 'no division').dispatches.map(
      ({ program }) => program.wgsl,
    );
  };
  const names = new Set<string>();
  const found = new Map([
    [
      'the rule',
      shaders(({ candidates }) => {
        candidates.forEach((name) => names.add(name));
        return undefined;
      }),
    ],
  ]);
  for (const name of names)
    found.set(
      name,
      shaders(() => name),
    );
  return found;
}

/** The bodies of all loops of a shader that multiply and add, outside of subscripts. */
function loopsOf(wgsl: string): string[] {
  return [...wgsl.matchAll(/\b(?:for|while) \([^{]*\{/g)]
    .map(({ index }) => bodyFrom(wgsl, wgsl.indexOf('{', index)))
    .filter((body) => /\bfma\(|\+= .*\*/.test(body.replaceAll(/\[[^\]]*\]/g, '')));
}

function bodyFrom(text: string, open: number): string {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === '{') depth++;
    else if (text[at] === '}' && --depth === 0) return text.slice(open, at);
  }
  return text.slice(open);
}

test.each(Object.entries(cases))('%s', (_name, build) => {
  const byCandidate = shadersOf(build);
  let loops = 0;
  for (const [candidate, shaders] of byCandidate) {
    for (const body of shaders.flatMap(loopsOf)) {
      loops++;
      const divisions = body.split('\n').filter((line) => / [/%] /.test(line));
      expect({ candidate, divisions }).toEqual({ candidate, divisions: [] });
    }
  }
  expect(loops).toBeGreaterThanOrEqual(byCandidate.size);
});
