/**
 * Running sums and products along an axis: an invocation owns a line, or a part of one, and walks
 * along it.
 */
import { sizeOf } from '../ir/graph';
import * as ix from '../ir/index-expression';
import type { KernelEmission } from './emit';
import { emitKernel } from './emit';
import type { FusedKernel } from './kernel';
import { emitLoop } from './loops';
import type { ShaderProgram } from './wgsl/kernel-writer';

/** What a total begins with, and how an element is taken in. */
const KINDS: Readonly<Record<string, { readonly initial: number; readonly operator: string }>> = {
  Cumsum: { initial: 0, operator: '+' },
  Cumprod: { initial: 1, operator: '*' },
};

interface CumulativeAttrs {
  readonly axis: number;
  /** Whether an element is left out of its own total. */
  readonly exclusive: boolean;
  readonly reverse: boolean;
  /** Elements after which a total begins anew; all of the axis if absent. */
  readonly partLength?: number;
}

function emitCumulative(emission: KernelEmission): ShaderProgram {
  const { writer, inliner, request } = emission;
  const { anchor } = request.group;
  const { initial, operator } = KINDS[anchor.kernel];
  const [{ shape, dtype }] = anchor.outputs;
  const [x] = anchor.inputs;
  const attrs = anchor.attrs as unknown as CumulativeAttrs;
  const { axis, exclusive, reverse, partLength = shape[axis] } = attrs;
  const parts = Math.ceil(shape[axis] / partLength);
  const lineShape = shape.map((dim, at) => (at === axis ? parts : dim));

  const workgroups = writer.flatThread('line', sizeOf(lineShape));
  const line = ix.delinearize(ix.variable('line', sizeOf(lineShape)), lineShape);
  writer.statement(`var total = ${inliner.literal(initial, dtype)};`);
  emitLoop(emission, 'i', partLength, (i) => {
    const step = reverse ? ix.shift(ix.scale(i, -1), partLength - 1) : i;
    const position = ix.add(ix.scale(line[axis], partLength), step);
    const coords = line.map((coord, at) => (at === axis ? position : coord));
    const takeIn = (): void => {
      writer.statement(`total ${operator}= ${inliner.value(x, coords).code};`);
    };
    const visit = (): void => {
      if (!exclusive) takeIn();
      emission.epilogue(coords, { code: 'total', width: 1, dtype, depth: writer.depth }, 1);
      if (exclusive) takeIn();
    };
    if (parts * partLength === shape[axis]) visit();
    else {
      // The last part is a shorter one.
      const length = writer.dim('length', shape[axis]);
      writer.block(`if (${inliner.index(position)} < ${length})`, visit);
    }
  });
  return writer.finish(emission.title, workgroups);
}

export const cumulativeKernel: FusedKernel = {
  name: 'cumulative',
  anchors: Object.keys(KINDS),
  refuse: () => null,
  reuse: () => 1,
  generate: (request) => emitKernel(request, emitCumulative),
};
