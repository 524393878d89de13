// Checks whose absence changes no answer: they decide what is faster, or stop a search that finds nothing.

/** Reasons by text, of one file. @typedef {Record<string, string>} Reasons */

const costsOnly = 'what is counted here decides what is stored, not what is computed';
const again = 'saves a second look at what was looked at';
const early = 'what follows comes to the same';
const bound = 'ends a search that takes too long';
const implied = 'follows from what matched and from what inference allows';
const refused = 'what it would let through, inference or the rewriter refuses';
const storedToo = 'what others read as well is stored for them, too';
const alternative = 'what it would let through is computed as rightly';
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
    'state.usesOf(value).length === 1': storedToo,
    '!state.outputs.has(value)': storedToo,
    '!onlyUse': storedToo,
    'group.has(producer)': 'decides what is copied, not what is computed',
    "node.kernel === 'Concat'": implied,
    'state.groupOf.has(node)': implied,
    producer: implied,
    'seen.has(value)': again,
  },
  'src/patterns/fuser/epilogue.ts': {
    'this.has(input)':
      'an operand that does not follow is taken to be where the anchor is, and meets what follows only there',
    'sizeOf(output.shape) !== group.size': implied,
    'value.constant': 'a kernel that binds too many buffers is taken apart when it is written',
    'sizeOf(value.shape) === 1':
      'a kernel that binds too many buffers is taken apart when it is written',
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
    'isConstant(value)': 'what is constant is computed ahead whichever way',
    'sizeOf(value.shape) !== sizeOf(top.shape)': refused,
    'value.shape.at(-1) !== top.shape.at(-1)': refused,
    'lead.every((dim, i) => dim === whole[i])': implied,
    'rows === sizeOf(shape.slice(0, -1))': implied,
    'operand.shape.every((dim, i) => dim === matrix[i])': implied,
    'seen.size < MAX_KERNELS': bound,
    'seen.has(node)': again,
  },
  'src/patterns/rules/recurrent-product.ts': {
    'sizeOf(root.inputs[1].shape.slice(0, -2)) !== 1': alternative,
    'result.shape.at(-1) === shape.at(-1)': refused,
    'part.shape.every((dim, axis) => axis === last || dim === shape[axis])': refused,
    '!keepsRows(use, value)': 'decides whether having gates side by side is worth it',
    'match.isOutput(value)': copies,
    'sizeOf(result.shape) === sizeOf(shape)': implied,
    'root.attrs.parts !== undefined': 'products are divided when all others have been joined',
    'readers.size < MAX_LOOKED_AT': bound,
    'readers.has(use)': again,
  },
  'src/patterns/rules/step-cells.ts': {
    isStep: 'what no step computes has no states behind it',
    'a.dtype === b.dtype': implied,
    'sameShape(a.shape, b.shape)': early,
    'model.producer': implied,
    'a.inputs.length === b.inputs.length': implied,
    'a.outputs[0].dtype === b.outputs[0].dtype': implied,
    'x.shape.every((dim, axis) => axis === x.shape.length - 1 || dim === part.shape[axis])':
      'only what all steps share may have more rows, and is refused as their operand',
  },
  'src/patterns/rules/recurrence.ts': {
    'isOfRows(use)': 'steps are compared afterwards, with the attributes of their products',
    "source === 'operand'": implied,
    'products.length < MIN_STEPS': 'decides whether a kernel for all steps is worth it',
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
    'sizeOf(operand.shape) === sizeOf(value.shape)': early,
    '!node': implied,
    producer: implied,
    'broadcastsTo(own, batch)': early,
    'broadcastsTo(operand.shape, shape)': implied,
    '!swapped': refused,
    'own.length === batch.length': early,
  },
  'src/patterns/rules/gated-product.ts': {
    "node.kernel === 'BatchMatMul'": 'a convolution that looks at one pixel is a product',
    'products.length === 1': 'only says why',
    'sameShape(first.inputs[1].shape, second.inputs[1].shape)': implied,
  },
  'src/patterns/rules/join-gathers.ts': {
    'axis >= (first.attrs.batchDims as number)': refused,
    "axis < value('indices').shape.length": refused,
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
    "kernel === 'BatchMatMul'": implied,
    'sizeOf(weights.shape.slice(0, -2)) === 1': refused,
    'attrs.parts === undefined': 'products are divided when all others have been joined',
  },
  'src/patterns/rules/statistics.ts': {
    'given === undefined': early,
    "sum.producer?.kernel !== 'Sum'": implied,
    'inputs[0] === inputs[1]': implied,
  },
  'src/patterns/rules/attention-forms.ts': {
    "form.kind === 'parts'": refused,
  },
  'src/patterns/rules/branches.ts': {
    'uses.length === 1': copies,
    '!match.isOutput(value)': copies,
    'isConstant(other)': alternative,
  },
  'src/patterns/rules/dense-layer.ts': {
    'isAll(attrs.pad, 0)': refused,
    '!isConstant(weights)': alternative,
  },
  'src/patterns/rules/fold-linear.ts': {
    "isConstant(match.value('x'))": 'of constants alone, everything is computed ahead',
  },
  'src/patterns/rules/split-depth.ts': {
    'root.attrs.parts !== undefined': refused,
  },
};

/** Why a check is not needed for right answers; undefined where it is. @param {{file: string, text: string}} check */
export const whyHarmless = ({ file, text }) => BY_FILE[file]?.[text];
