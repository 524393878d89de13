/** Which of the values that come from outside a stream are worth being constants of its plan. */
import { scalarOps } from '../ir/expression';
import { isAlive } from './assemble';
import type { Stream } from './stream';

/** What is known of a value in a stream: nothing that it depends on changes, if it is not null. */
interface Fixed {
  /** The external that it depends on which was read first, a tensor before any number; -1: none. */
  readonly source: number;
}

/**
 * The externals to be constants among the `steady` ones, which have not changed lately.
 *
 * No result may depend on constants alone: a program that is given the same data again means to compute
 * with it. Of what such a result depends on, the tensor that was read first is taken for the data. And
 * tensors are constants only where something becomes of it: where a kernel with loops of its own reads
 * one, or something depends on such tensors alone, which is then computed once.
 */
export function chooseConstants(stream: Stream, steady: ReadonlySet<number>): Set<number> {
  const chosen = new Set(steady);
  let usesTensors: boolean;
  for (;;) {
    const found = follow(stream, chosen);
    usesTensors = found.usesTensors;
    if (found.data.size === 0) break;
    for (const external of found.data) chosen.delete(external);
  }
  if (!usesTensors) {
    for (const external of steady) {
      if (stream.externals[external].scalar === undefined) chosen.delete(external);
    }
  }
  return chosen;
}

/** Follows constants through the stream; `data`: externals that results depend on and nothing else. */
function follow(
  { invocations, externals, slotCount }: Stream,
  chosen: ReadonlySet<number>,
): { data: Set<number>; usesTensors: boolean } {
  const fixed = new Array<Fixed | null>(slotCount).fill(null);
  for (const external of chosen) fixed[externals[external].slot] = { source: external };
  const data = new Set<number>();
  let usesTensors = false;
  for (const invocation of invocations) {
    if (!isAlive(invocation)) continue;
    const { signature, slots, outputs } = invocation;
    let isFixed = true;
    let readsTensor = false;
    let source = -1;
    for (const slot of slots) {
      if (slot < 0) continue;
      const operand = fixed[slot];
      if (!operand) {
        isFixed = false;
        continue;
      }
      if (operand.source >= 0) {
        source = earlier(externals, source, operand.source);
        readsTensor ||= externals[operand.source].scalar === undefined;
      }
    }
    if (readsTensor && (isFixed || !scalarOps.has(signature.kernel.kernel))) usesTensors = true;
    if (!isFixed) continue;
    for (const { lazy, refCount } of outputs) {
      fixed[lazy.slot] = { source };
      if (refCount > 0 && source >= 0) data.add(source);
    }
  }
  return { data, usesTensors };
}

/** The one of two externals that is more likely data; -1 is neither. */
function earlier(externals: Stream['externals'], a: number, b: number): number {
  if (a < 0) return b;
  const isNumber = (at: number): boolean => externals[at].scalar !== undefined;
  if (isNumber(a) !== isNumber(b)) return isNumber(a) ? b : a;
  return Math.min(a, b);
}
