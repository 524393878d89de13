// A fusion of one's own: the sum of two products of the same rows is one product.
//
//   npm run build && node tools/with-gpu.mjs node examples/custom-fusion/custom-fusion.mjs
import { installWebGPU } from '../../tools/gpu/install-webgpu.mjs';

installWebGPU(); // in a browser: nothing to do
const tf = await import('@tensorflow/tfjs');
const { explain, pattern, registerFusion } = await import('tfjs-backend-webgpu-fused');

/** @type {import('tfjs-backend-webgpu-fused').FusionRule} */
const addWeights = {
  name: 'add-weights',
  equation: 'x · a + x · b ⇒ x · (a + b)',

  // What to look for, from the result to its operands. `constant` is a weight; one name twice is
  // one value twice.
  match: pattern.op('Add', [
    pattern.op('BatchMatMul', [pattern.any('x'), pattern.constant('a')], { where: isPlain }),
    pattern.op('BatchMatMul', [pattern.any('x'), pattern.constant('b')], { where: isPlain }),
  ]),

  // Whether it is right and worth it: null, or the reason why not. `explain` shows the reason.
  check(match) {
    const [a, b] = [match.value('a').shape, match.value('b').shape];
    return String(a) === String(b) ? null : `[${a}] and [${b}] have no sum of that shape`;
  },

  // What to put in its place. The sum of two weights is computed once, when the model is compiled.
  rewrite(match, build) {
    const sum = build.op('Add', [match.value('a'), match.value('b')]);
    const plain = { transposeA: false, transposeB: false };
    return build.op('BatchMatMul', [match.value('x'), sum], plain);
  },
};

/** Neither operand is transposed. */
function isPlain({ attrs }) {
  return !attrs.transposeA && !attrs.transposeB;
}

// A graph model as a converter would write it. `both` is a sum of two products. So is `again`, but
// somebody else needs one of them: they stay apart.
const files = makeModel(
  [
    ['a', [64, 32]],
    ['b', [64, 32]],
    ['c', [32, 64]],
    ['d', [32, 64]],
  ],
  [
    ['x_a', 'MatMul', ['x', 'a']],
    ['x_b', 'MatMul', ['x', 'b']],
    ['both', 'AddV2', ['x_a', 'x_b']],
    ['active', 'Softmax', ['both']],
    ['y_c', 'MatMul', ['active', 'c']],
    ['y_d', 'MatMul', ['active', 'd']],
    ['again', 'AddV2', ['y_c', 'y_d']],
    ['z', 'Mul', ['again', 'y_d']],
  ],
);

const expected = await answer('cpu');

const before = await answer('webgpu-fused');
const remove = registerFusion(addWeights);
const after = await answer('webgpu-fused');
remove(); // models compiled from now on do without it

const { rewrites, refused } = after.report.regions[0].plan;
console.log(`dispatches: ${before.report.dispatches.after} → ${after.report.dispatches.after}`);
for (const { rule, nodes } of rewrites) console.log(`rewritten by ${rule}: ${nodes.join(', ')}`);
for (const { rule, nodes, reason } of refused) {
  if (rule === addWeights.name) console.log(`refused at ${nodes.join(', ')}: ${reason}`);
}

const largest = Math.max(...expected.values.map(Math.abs));
const error = Math.max(...expected.values.map((value, i) => Math.abs(value - after.values[i])));
if (!rewrites.some(({ rule }) => rule === addWeights.name)) throw new Error('did not fire');
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
