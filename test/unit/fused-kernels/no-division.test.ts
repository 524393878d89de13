/**
 * Integer divisions take a GPU some twenty instructions: none belongs inside a loop over k, where
 * every candidate of every product and convolution spends its time. What is divided there is divided
 * for every element that is loaded.
 */
import { compilePlan } from '../../../src/compiler/compile';
import { GraphBuilder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import {
  kernelTarget,
  type AdapterClass,
  type Choose,
  type KernelTarget,
} from '../../../src/fused-kernels/target';
import { float } from '../patterns/fuse';
import { defaultFacts } from './target';

const conv = (stride: number, dilation: number, pad: number) => ({
  strides: [stride, stride],
  dilations: [dilation, dilation],
  pad: { top: pad, bottom: pad, left: pad, right: pad },
});
const plain = { transposeA: false, transposeB: false };

/** Products and convolutions, and what may stand in front of them: index maps, of which some divide along k. */
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
  'a product of whole tiles and a rest': (b) =>
    b.op('BatchMatMul', [float(b, 70, 132), float(b, 132, 68)], plain),
  'a product of small odd sizes': (b) =>
    b.op('BatchMatMul', [float(b, 37, 101), float(b, 101, 45)], plain),
  'batches, both transposed': (b) =>
    b.op('BatchMatMul', [float(b, 3, 36, 40), float(b, 1, 33, 36)], {
      transposeA: true,
      transposeB: true,
    }),
  'one short row': (b) => b.op('BatchMatMul', [float(b, 1, 512), float(b, 512, 68)], plain),
  'one short row, transposed': (b) =>
    b.op('BatchMatMul', [float(b, 1, 512), float(b, 68, 512)], { ...plain, transposeB: true }),
  'a few rows, shallow': (b) => b.op('BatchMatMul', [float(b, 5, 12), float(b, 12, 68)], plain),
  'a long sum of few outputs': (b) =>
    b.op('BatchMatMul', [float(b, 20, 2000), float(b, 2000, 40)], plain),
  'heads joined along k': (b) => {
    const heads = b.op('Transpose', [float(b, 3, 18, 12)], { perm: [1, 0, 2] });
    return b.op('BatchMatMul', [b.reshape(heads, [18, 36]), float(b, 36, 20)], plain);
  },
  'heads of odd size joined along k': (b) => {
    const heads = b.op('Transpose', [float(b, 3, 18, 7)], { perm: [1, 0, 2] });
    return b.op('BatchMatMul', [b.reshape(heads, [18, 21]), float(b, 21, 20)], plain);
  },
  'weights repeated along k': (b) => {
    const tiled = b.op('Tile', [float(b, 9, 20)], {}, [], [36, 20]);
    return b.op('BatchMatMul', [float(b, 18, 36), tiled], plain);
  },
  'a concatenation': (b) => {
    const parts = [20, 8, 7].map((width) => b.op('Relu', [float(b, 26, width)]));
    const x = b.op('Concat', parts, { axis: 1 });
    return b.op('BatchMatMul', [x, float(b, 35, 24)], plain);
  },
  'a gated product': (b) => {
    const x = float(b, 33, 40);
    const weights = () => b.constant({ shape: [40, 36], dtype: 'float32' }, { handle: {} });
    const [a, c] = [0, 1].map(() => b.op('BatchMatMul', [x, weights()], plain));
    return b.op('Multiply', [b.op('Relu', [a]), c]);
  },
  'a convolution, 3×3': (b) =>
    b.op('Conv2D', [float(b, 2, 9, 7, 12), float(b, 3, 3, 12, 20)], conv(1, 1, 1)),
  'a convolution, 5×5, stride 2, odd channels': (b) =>
    b.op('Conv2D', [float(b, 1, 13, 13, 9), float(b, 5, 5, 9, 7)], conv(2, 1, 2)),
  'a convolution, 1×1': (b) =>
    b.op('Conv2D', [float(b, 1, 7, 7, 64), float(b, 1, 1, 64, 32)], conv(1, 1, 0)),
  'a convolution of a single pixel': (b) =>
    b.op('Conv2D', [float(b, 1, 1, 1, 16), float(b, 3, 3, 16, 32)], conv(1, 1, 1)),
  'a convolution of an image whose channels come first': (b) => {
    const x = b.op('Transpose', [float(b, 1, 12, 8, 8)], { perm: [0, 2, 3, 1] });
    return b.op('Conv2D', [x, float(b, 3, 3, 12, 16)], conv(1, 1, 1));
  },
};

/** Shaders of a graph with every candidate of every choice that it makes, taken one by one. */
function shadersOf(build: (b: GraphBuilder) => Value, on: KernelTarget): Map<string, string[]> {
  const shaders = (choose: Choose): string[] => {
    const b = new GraphBuilder();
    b.graph.outputs = [build(b)];
    const target: KernelTarget = { ...on, choose };
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

/** A product that is added to a sum, once subscripts are left out. */
const MULTIPLIES_AND_ADDS = /\bfma\(|\bdot\(|\+= .*\*|(\b\w+) = (select\(\1, )?\1 \+ .*\*/;

const LOOP = /\b(?:for|while) \([^{]*\{/g;

/**
 * The bodies of all loops of a shader that multiply and add; of a transposed convolution without tiles in
 * workgroup memory, the innermost ones: it asks for each tap of its filter whether it counts.
 */
function loopsOf(wgsl: string, { stagesTiles }: KernelTarget): string[] {
  const asksTaps = !stagesTiles && wgsl.includes('fused: Conv2DBackpropInput');
  const common = withoutRecount(wgsl);
  return [...common.matchAll(LOOP)]
    .map(({ index }) => bodyFrom(common, common.indexOf('{', index)))
    .filter((body) => MULTIPLIES_AND_ADDS.test(body.replaceAll(/\[[^\]]*\]/g, '')))
    .filter((body) => !asksTaps || body.search(LOOP) < 0);
}

/** Without the loop that takes sums again which are NaN or infinite: it hardly ever runs. */
function withoutRecount(wgsl: string): string {
  const start = wgsl.indexOf('for (var item = 0;');
  if (start < 0) return wgsl;
  const body = bodyFrom(wgsl, wgsl.indexOf('{', start));
  return wgsl.replace(body, '{ ');
}

function bodyFrom(text: string, open: number): string {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === '{') depth++;
    else if (text[at] === '}' && --depth === 0) return text.slice(open, at);
  }
  return text.slice(open);
}

const CLASSES: readonly AdapterClass[] = ['nvidia', 'amd', 'intel', 'arm'];

describe.each(CLASSES)('on %s', (adapter) => {
  const target = kernelTarget(defaultFacts, adapter);

  test.each(Object.entries(cases))('%s', (_name, build) => {
    const byCandidate = shadersOf(build, target);
    let loops = 0;
    for (const [candidate, shaders] of byCandidate) {
      for (const body of shaders.flatMap((wgsl) => loopsOf(wgsl, target))) {
        loops++;
        const divisions = body.split('\n').filter((line) => / [/%] /.test(line));
        expect({ candidate, divisions }).toEqual({ candidate, divisions: [] });
      }
    }
    expect(loops).toBeGreaterThanOrEqual(byCandidate.size);
  });
});
