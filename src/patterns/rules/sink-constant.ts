/** Biases and scales that an exporter adds behind the reshape into heads. */
import { sameShape, sizeOf, type Shape } from '../../ir/graph';
import { any, constant, named, oneOf, op } from '../match';
import type { FusionRule } from '../rule';

const product = op('BatchMatMul', [any('x'), constant('weights')]);
const dense = named('dense', oneOf(op('Add', [product, constant('bias')]), product));

/** True if `shape` ends a shape and, flattened, is its last dimension before the reshape. */
function splitsLast(constantShape: Shape, reshaped: Shape, columns: number): boolean {
  const trimmed = [...constantShape];
  while (trimmed[0] === 1) trimmed.shift();
  const tail = reshaped.slice(reshaped.length - trimmed.length);
  return sameShape(trimmed, tail) && sizeOf(trimmed) === columns;
}

/**
 * Dense layers whose result an exporter shapes into heads before it adds the bias or scales the
 * queries (Keras' EinsumDense): in front of the reshape, other rules see them.
 */
export const sinkConstant: FusionRule = {
  name: 'sink-constant',
  equation: 'reshape(x · w) ∘ c ⇒ reshape((x · w) ∘ c)',
  match: op(
    ['Add', 'Multiply'],
    [op('Reshape', [dense], { as: 'reshaped' }), constant('constant')],
  ),
  check(match) {
    const { shape } = match.value('constant');
    const reshaped = match.value('reshaped').shape;
    const columns = match.value('dense').shape.at(-1) as number;
    if (shape.length > reshaped.length) return 'the constant has more dimensions than the result';
    return sizeOf(shape) === 1 || splitsLast(shape, reshaped, columns)
      ? null
      : `the constant [${shape}] is not one for each of the ${columns} columns`;
  },
  rewrite(match, build) {
    const given = match.value('constant');
    const row = build.reshape(given, sizeOf(given.shape) === 1 ? [] : [sizeOf(given.shape)]);
    const y = build.op(match.root.kernel, [match.value('dense'), row]);
    return build.reshape(y, match.root.outputs[0].shape);
  },
};
