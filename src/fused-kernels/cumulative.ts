/** Running sums and products along an axis: an invocation owns a line and walks along it. */
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
}

function emitCumulative(emission: KernelEmission): ShaderProgram {
  const { writer, inliner, request } = emission;
  const { anchor } = request.group;
  const { axis, exclusive, reverse } = anchor.attrs as unknown as CumulativeAttrs;
  const { initial, operator } = KINDS[anchor.kernel];
  const [x] = anchor.inputs;
  const length = x.shape[axis];
  const lineShape = x.shape.filter((_, at) => at !== axis);
  const lines = sizeOf(lineShape);

  const workgroups = writer.flatThread('line', lines);
  const line = ix.delinearize(ix.variable('line', lines), lineShape);
  writer.statement(`var total = ${inliner.literal(initial, x.dtype)};`);
  emitLoop(emission, 'i', length, (i) => {
    const position = reverse ? ix.shift(ix.scale(i, -1), length - 1) : i;
    const coords = [...line.slice(0, axis), position, ...line.slice(axis)];
    const addElement = (): void => {
      writer.statement(`total ${operator}= ${inliner.value(x, coords).code};`);
    };
    if (!exclusive) addElement();
    emission.epilogue(coords, { code: 'total', width: 1, dtype: x.dtype, depth: writer.depth }, 1);
    if (exclusive) addElement();
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
