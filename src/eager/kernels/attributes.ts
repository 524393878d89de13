/** Attributes of kernels that tfjs calls otherwise than their lowerings do. */
import { sameShape, type Attrs, type Value } from '../../ir/graph';
import { demand } from '../../ir/infer/refused';
import { formatShape } from '../../ir/infer/shape';

/** What a lowering is called with; refuses invocations that mean something else to stock. */
type Reader = (attrs: Attrs, operands: readonly Value[]) => Attrs;

const readers: Readonly<Record<string, Reader>> = {
  Max: ({ reductionIndices, keepDims }) => ({ axis: reductionIndices, keepDims }),
  // A number stands for the first axis, in whatever tensor.
  Slice: ({ begin, size }) => ({
    begin: [begin ?? []].flat(),
    size: [size ?? []].flat(),
  }),
  Select(attrs, operands) {
    // A vector of conditions would choose rows in stock.
    const [condition, t, e] = operands.map(({ shape }) => shape);
    demand(
      sameShape(condition, t) && sameShape(t, e),
      () => `shapes ${[condition, t, e].map(formatShape).join(', ')} differ`,
    );
    return attrs;
  },
};

export function readAttributes(
  kernel: string,
  attrs: Attrs,
  operands: readonly (Value | undefined)[],
): Attrs {
  return readers[kernel]?.(attrs, operands as readonly Value[]) ?? attrs;
}
