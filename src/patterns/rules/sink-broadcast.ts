/** Statistics that were tiled to the size of what they meet. */
import { scalarOps } from '../../ir/expression';
import { sameShape, sizeOf, type Node, type Value } from '../../ir/graph';
import { op } from '../match';
import type { FusionRule } from '../rule';

/** True for a node whose output broadcasts to what its input does: dimensions of 1 stretch, or are added. */
function onlyBroadcasts({ kernel, inputs, outputs }: Node): boolean {
  const [from] = inputs;
  const to = outputs[0];
  if (kernel === 'BroadcastTo' || kernel === 'Tile') {
    return from.shape.every((dim, axis) => dim === 1 || dim === to.shape[axis]);
  }
  const added = to.shape.length - from.shape.length;
  return (
    kernel === 'Reshape' &&
    added > 0 &&
    sameShape(to.shape, [...new Array<number>(added).fill(1), ...from.shape])
  );
}

/** What `value` is a broadcast of, or the value itself. */
function sourceOf(value: Value): Value {
  let source = value;
  while (source.producer && onlyBroadcasts(source.producer)) [source] = source.producer.inputs;
  return source;
}

/**
 * Elementwise kernels broadcast by themselves. `tf.layers.layerNormalization` tiles its statistics to the
 * shape of x and gives all of it four dimensions before it does anything with them: computed before that,
 * they are few, and other rules see that they are statistics of x.
 */
export const sinkBroadcast: FusionRule = {
  name: 'sink-broadcast',
  equation: 'f(broadcast(a), b) ⇒ broadcast(f(a, b))',
  match: op([...scalarOps.keys()], [], {
    where: ({ inputs }) => inputs.some((operand) => sourceOf(operand) !== operand),
  }),
  leaks: 'keep',
  rewrite({ root }, build) {
    const { shape } = root.outputs[0];
    const y = build.op(root.kernel, root.inputs.map(sourceOf), root.attrs);
    return sizeOf(y.shape) === sizeOf(shape)
      ? build.reshape(y, shape)
      : build.broadcastTo(y, shape);
  },
};
