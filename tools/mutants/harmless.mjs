// Checks whose absence changes no answer: they decide what is faster, or stop a search that finds nothing.

/** Reasons by text, of one file. @typedef {Record<string, string>} Reasons */

const costsOnly = 'what is counted here decides what is stored, not what is computed';
const again = 'saves a second look at what was looked at';
const early = 'what follows comes to the same';
const bound = 'ends a search that takes too long';
const copies =
  'a part that others read as well is copied out of the joint result: one more dispatch';

/** @type {Readonly<Record<string, Reasons>>} */
const BY_FILE = {
  'src/patterns/fuser/prologue.ts': {
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
    'seen.has(producer)': again,
    '!producer': early,
    '!value.producer': early,
    'node !== undefined': early,
  },
  'src/patterns/fuser/schedule.ts': { 'seen.has(producer)': again },
  'src/patterns/fuser/concat.ts': { 'seen.has(value)': again },
  'src/patterns/fuser/epilogue.ts': {
    'examined.has(node)': again,
    'state.groupOf.has(node)': 'another group that has it depends on this one by its other operand',
    '!allowed(node)': 'decides what is stored, not what is computed',
  },
  'src/patterns/fuser/wide-concat.ts': {
    "node.kernel === 'Concat'": 'no other kernel may have as many operands',
    'node.inputs.length > limit': early,
  },
  'src/patterns/rules/trace-products.ts': {
    'seen.size < MAX_KERNELS': bound,
    'seen.has(node)': again,
  },
  'src/patterns/rules/recurrent-product.ts': {
    'readers.size < MAX_LOOKED_AT': bound,
    'readers.has(use)': again,
  },
  'src/patterns/rules/step-cells.ts': {
    'x.shape.every((dim, axis) => axis === x.shape.length - 1 || dim === part.shape[axis])':
      'only what all steps share may have more rows, and is refused as their operand',
  },
  'src/patterns/rules/recurrence.ts': {
    'products[0] !== root': 'finds the same steps from each of their products',
  },
  'src/patterns/rules/widen-dense.ts': {
    'sizeOf(inputs[1].shape.slice(0, -2)) === 1': 'products of batches are joined as rightly',
    '!match.isOutput(result)': copies,
  },
  'src/patterns/rules/widen-convolution.ts': {
    '!match.isOutput(branch.result)': copies,
    'match.usesOf(branch.result).every(({ kernel }) => READERS.has(kernel))': copies,
  },
};

/** Why a check is not needed for right answers; undefined where it is. @param {{file: string, text: string}} check */
export const whyHarmless = ({ file, text }) => BY_FILE[file]?.[text];
