// Checks whose absence changes no answer: they decide what is faster, or stop a search that finds nothing.

/** Reasons by text, of one file. @typedef {Record<string, string>} Reasons */

const costsOnly = 'what is counted here decides what is stored, not what is computed';
const again = 'saves a second look at what was looked at';
const early = 'what follows comes to the same';
const bound = 'ends a search that takes too long';
const implied = 'follows from what matched and from what inference allows';
const refused = 'what it would let through, inference or the rewriter refuses';
const copies =
  'a part that others read as well is copied out of the joint result: one more dispatch';

/** @type {Readonly<Record<string, Reasons>>} */
const BY_FILE = {
  'src/patterns/fuser/prologue.ts': {
    'evaluations === 0': 'what nobody reads is taken out of graphs before',

    'next.size === stored.size': costsOnly,
    '[...next.keys()].every((node) => stored.has(node))': costsOnly,
    'input !== output': costsOnly,
    "node.kernel !== 'Concat'": costsOnly,
    'node.inputs.length > MAX_PARTS': costsOnly,
    'state.outputs.has(output)': costsOnly,
    'state.constraints.store.has(node)': costsOnly,
    producer: costsOnly,
    '!stored.has(producer)': costsOnly,
  },
  'src/patterns/fuser/state.ts': {
    '!producer': early,
    '!value.producer': early,
    'node !== undefined': early,
  },
  'src/patterns/fuser/schedule.ts': { 'seen.has(producer)': again },
  'src/patterns/fuser/concat.ts': {
    'state.groupOf.has(node)': implied,
    producer: implied,
    'seen.has(value)': again,
  },
  'src/patterns/fuser/epilogue.ts': {
    '!source': implied,
    'sizeOf(input.shape) === size': implied,

    'examined.has(node)': again,
    'state.groupOf.has(node)': 'another group that has it depends on this one by its other operand',
    '!allowed(node)': 'decides what is stored, not what is computed',
  },
  'src/patterns/fuser/wide-concat.ts': {
    "node.kernel === 'Concat'": 'no other kernel may have as many operands',
    'node.inputs.length > limit': early,
  },
  'src/patterns/rules/trace-products.ts': {
    'lead.every((dim, i) => dim === whole[i])': implied,
    'rows === sizeOf(shape.slice(0, -1))': implied,
    'operand.shape.every((dim, i) => dim === matrix[i])': implied,

    'seen.size < MAX_KERNELS': bound,
    'seen.has(node)': again,
  },
  'src/patterns/rules/recurrent-product.ts': {
    'sizeOf(result.shape) === sizeOf(shape)': implied,
    'root.attrs.parts !== undefined': 'products are divided when all others have been joined',

    'readers.size < MAX_LOOKED_AT': bound,
    'readers.has(use)': again,
  },
  'src/patterns/rules/step-cells.ts': {
    'a.dtype === b.dtype': implied,
    'sameShape(a.shape, b.shape)': early,
    'model.producer': implied,
    'a.inputs.length === b.inputs.length': implied,
    'a.outputs[0].dtype === b.outputs[0].dtype': implied,

    'x.shape.every((dim, axis) => axis === x.shape.length - 1 || dim === part.shape[axis])':
      'only what all steps share may have more rows, and is refused as their operand',
  },
  'src/patterns/rules/recurrence.ts': {
    '!next.isStep': implied,
    value: early,
    'sizeOf(shape) === rows * units': implied,
    'shape.at(-1) === units': implied,

    'products[0] !== root': 'finds the same steps from each of their products',
  },
  'src/patterns/rules/widen-dense.ts': {
    '!found.some(({ product }) => product === match.root)':
      'the same parts are found from each of them',
    'inputs[1] !== inputs[0]': early,
    'inputs[1].shape.length === weights.shape.length': implied,

    'sizeOf(inputs[1].shape.slice(0, -2)) === 1': 'products of batches are joined as rightly',
    '!match.isOutput(result)': copies,
  },
  'src/patterns/rules/widen-convolution.ts': {
    'found.some(({ product }) => product === match.root)':
      'the same parts are found from each of them',

    '!match.isOutput(branch.result)': copies,
    'match.usesOf(branch.result).every(({ kernel }) => READERS.has(kernel))': copies,
  },
  'src/patterns/rules/attention.ts': {
    'broadcastsTo(operand.shape, shape)': implied,
    '!swapped': refused,
    'own.length === batch.length': early,
  },
  'src/patterns/rules/gated-product.ts': {
    'sameShape(first.inputs[1].shape, second.inputs[1].shape)': implied,
  },
  'src/patterns/rules/join-gathers.ts': {
    'other.attrs.batchDims === one.attrs.batchDims': refused,
  },
  'src/patterns/rules/merge-constants.ts': {
    "x.dtype !== 'float32'": 'integers wrap alike, in whatever order they are added',
  },
  'src/patterns/rules/moments.ts': {
    "input.dtype !== 'float32'": refused,
  },
  'src/patterns/rules/normalize.ts': {
    "input.dtype !== 'float32'": refused,
    'sameShape(match.root.outputs[0].shape, input.shape)':
      'scale and offset broadcast behind the normalisation as they do in front of it',
  },
  'src/patterns/rules/rows-of.ts': {
    'last < 1': implied,
    'width === undefined': implied,
  },
  'src/patterns/rules/sink-constant.ts': {
    'shape.length > reshaped.length': early,
  },
  'src/patterns/rules/stack-rows.ts': {
    'attrs.parts === undefined': 'products are divided when all others have been joined',
  },
  'src/patterns/rules/statistics.ts': {
    "sum.producer?.kernel !== 'Sum'": implied,
    'inputs[0] === inputs[1]': implied,
  },
};

/** Why a check is not needed for right answers; undefined where it is. @param {{file: string, text: string}} check */
export const whyHarmless = ({ file, text }) => BY_FILE[file]?.[text];
