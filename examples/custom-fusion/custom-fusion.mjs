// A fusion of one's own: two linear layers with nothing between them are one.
//
//   npm run build && node tools/with-gpu.mjs node examples/custom-fusion/custom-fusion.mjs
import { installWebGPU } from '../../tools/gpu/install-webgpu.mjs';

installWebGPU(); // in a browser: nothing to do
const tf = await import('@tensorflow/tfjs');
const { explain, pattern, registerFusion } = await import('tfjs-backend-webgpu-fused');

/** @type {import('tfjs-backend-webgpu-fused').FusionRule} */
const mergeLinearLayers = {
  name: 'merge-linear-layers',
  equation: '(x · a) · b ⇒ x · (a · b)',

  // What to look for, from the result to its operands. `constant` is a weight.
  match: pattern.op(
    'BatchMatMul',
    [
      pattern.op('BatchMatMul', [pattern.any('x'), pattern.constant('a')], { where: isPlain }),
      pattern.constant('b'),
    ],
    { where: isPlain },
  ),

  // Whether it is right and worth it: null, or the reason why not. `explain` shows the reason.
  check(match) {
    const [a, b] = [match.value('a').shape, match.value('b').shape];
    if (a.length !== 2 || b.length !== 2) return 'its weights are not matrices';
    const [rows, inner, columns] = [...a, b[1]];
    return rows * columns > inner * (rows + columns)
      ? `the product [${rows},${columns}] has more weights than [${a}] and [${b}] together`
      : null;
  },

  // What to put in its place. The product of two weights is computed once, when the model is compiled.
  rewrite(match, build) {
    const product = build.op('BatchMatMul', [match.value('a'), match.value('b')], match.root.attrs);
    return build.op('BatchMatMul', [match.value('x'), product], match.root.attrs);
  },
};

/** Neither operand is transposed. */
function isPlain({ attrs }) {
  return !attrs.transposeA && !attrs.transposeB;
}

// A graph model as a converter would write it. `wide` widens to 256 and comes back: worth merging.
// `narrow` goes through 4 numbers: not worth it.
const files = makeModel(
  [
    ['wide_a', [64, 256]],
    ['wide_b', [256, 64]],
    ['narrow_a', [64, 4]],
    ['narrow_b', [4, 64]],
  ],
  [
    ['wide_1', 'MatMul', ['x', 'wide_a']],
    ['wide', 'MatMul', ['wide_1', 'wide_b']],
    ['active', 'Relu', ['wide']],
    ['narrow_1', 'MatMul', ['active', 'narrow_a']],
    ['narrow', 'MatMul', ['narrow_1', 'narrow_b']],
    ['sum', 'AddV2', ['active', 'narrow']],
  ],
);

const expected = await answer('cpu');

const before = await answer('webgpu-fused');
const remove = registerFusion(mergeLinearLayers);
const after = await answer('webgpu-fused');
remove(); // models compiled from now on do without it

const { rewrites, refused } = after.report.regions[0].plan;
console.log(`dispatches: ${before.report.dispatches.after} → ${after.report.dispatches.after}`);
for (const { rule, nodes } of rewrites) console.log(`rewritten by ${rule}: ${nodes.join(', ')}`);
for (const { rule, nodes, reason } of refused) {
  if (rule === mergeLinearLayers.name) console.log(`refused at ${nodes.join(', ')}: ${reason}`);
}

const largest = Math.max(...expected.values.map(Math.abs));
const error = Math.max(...expected.values.map((value, i) => Math.abs(value - after.values[i])));
if (!rewrites.some(({ rule }) => rule === mergeLinearLayers.name)) throw new Error('did not fire');
if (error > 1e-5 * largest) throw new Error(`answers differ by ${error}, of ${largest}`);
console.log(
  `one dispatch less, same answers (largest difference ${(error / largest).toExponential(0)})`,
);
process.exit(0);

/** Runs the model on a backend: its answer, and what was fused. */
async function answer(backend) {
  await tf.setBackend(backend);
  const model = await tf.loadGraphModel({ load: async () => files });
  const x = tf.tensor(numbers(8 * 64, 1), [8, 64]);
  const y = model.predict(x);
  const values = Array.from(await y.data());
  const report = backend === 'cpu' ? null : explain(model);
  tf.dispose([x, y]);
  model.dispose();
  return { values, report };
}

/** Numbers in [-0.5, 0.5) that are the same everywhere. */
function numbers(length, seed) {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  });
}

function makeModel(weights, nodes) {
  const attr = { dtype: { type: 'DT_FLOAT' }, T: { type: 'DT_FLOAT' } };
  const dims = (sizes) => ({ shape: { dim: sizes.map((size) => ({ size: String(size) })) } });
  const node = [
    { name: 'x', op: 'Placeholder', attr: { ...attr, shape: dims([-1, 64]) } },
    ...weights.map(([name]) => ({ name, op: 'Const', attr })),
    ...nodes.map(([name, op, input]) => ({ name, op, input, attr })),
  ];
  const data = weights.map(([, [rows, columns]], i) => numbers(rows * columns, i + 2));
  return {
    modelTopology: { node, versions: { producer: 1 } },
    weightSpecs: weights.map(([name, shape]) => ({ name, shape, dtype: 'float32' })),
    weightData: new Uint8Array(data.flatMap((part) => [...new Uint8Array(part.buffer)])).buffer,
  };
}
