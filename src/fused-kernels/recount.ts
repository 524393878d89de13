/**
 * Sums some of whose terms do not count: taps of a window that are outside of the image. The loop of a
 * product takes such an element for 0 and multiplies it all the same, because asking at every product
 * would cost as much as the product; but 0 times a weight that is NaN or infinite is NaN. So where a sum
 * has come out as NaN or infinite, it is taken again, slowly, term by term, without those that do not
 * count. The loop pays nothing for it, and finite sums a test of their bits.
 *
 * Where the weights are known to be finite none of this is written: compilers of software adapters
 * make the loop of a product slower for what follows it, by up to a fifth.
 */
import { nan } from '../ir/expression';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import { rangesOf, shapeOfRange, termsOfRange, type DepthRange } from './depth-range';
import type { KernelEmission } from './emit';
import type { ProductSpec } from './product-spec';
import { canMiss, laneVariable } from './wgsl/inliner';
import { vectorType } from './wgsl/kernel-writer';
import { LoopCounters } from './wgsl/loop-counters';

/** The sums of one invocation. */
export interface OwnSums {
  readonly batch: IndexExpr;
  /** Their variables; vectors of neighbouring columns, where `width` is 4. */
  readonly names: readonly string[];
  readonly width: 1 | 4;
  /** Of sum number `item`: its row, and its column or its vector of four. */
  at(item: IndexExpr): { readonly row: IndexExpr; readonly vector: IndexExpr };
  /** Texts of the first term of this workgroup's part, and of the one behind its last; all, if not said. */
  readonly part?: { readonly first: string; readonly end: string };
}

/** Writes what takes sums again that may hold terms which do not count; nothing where all terms do. */
export function recountSums(emission: KernelEmission, spec: ProductSpec, sums: OwnSums): void {
  const { writer, inliner } = emission;
  const { names, width } = sums;
  if (!hasUncounted(emission, spec)) return;
  const tests = names.map((name) => nan.isNotFinite.call(writer.helpersOf(width), name));
  const test = width === 4 ? `any(${tests.join(' | ')})` : tests.join(' || ');
  writer.block(`if (${test})`, () => {
    // A loop, because it hardly ever runs and would else be the longest part of the shader.
    const count = writer.uniform('sums', names.length);
    writer.block(`for (var item = 0; item < ${count}; item++)`, () => {
      writer.defineVariable('item');
      inliner.isRare = true;
      sumCounted(emission, spec, sums, ix.variable('item', names.length));
      inliner.isRare = false;
      names.forEach((name, i) =>
        writer.statement(`${name} = select(${name}, counted, item == ${i});`),
      );
    });
  });
}

/** Whether some term of some sum does not count. */
function hasUncounted(
  { writer }: KernelEmission,
  { batch, rows, columns, window, counts, isFinite }: ProductSpec,
): boolean {
  if (!counts || isFinite) return false;
  const any = (name: string, extent: number): IndexExpr => ix.variable(name, extent);
  const taps = window.map(({ name, extent }) => any(name, extent));
  return counts(any('batch', batch), any('row', rows), taps, any('column', columns)).some((bound) =>
    canMiss(bound, writer),
  );
}

/** Defines `counted`, the sum of those terms of a sum that count. */
function sumCounted(
  { writer, inliner }: KernelEmission,
  spec: ProductSpec,
  { batch, width, at, part }: OwnSums,
  item: IndexExpr,
): void {
  const named = (name: string, index: IndexExpr, extent: number): IndexExpr => {
    if (extent === 1) return ix.zero;
    writer.statement(`let ${name} = ${inliner.index(index)};`);
    writer.defineVariable(name);
    return ix.variable(name, extent);
  };
  const place = at(item);
  const row = named('countedRow', place.row, spec.rows);
  const vector = named('countedVector', place.vector, Math.ceil(spec.columns / width));
  const column = width === 4 ? ix.add(ix.scale(vector, 4), laneVariable) : vector;
  writer.statement(`var counted = ${vectorType('float32', width)}(0.0);`);

  const sumRange = (range: DepthRange, suffix: string): void => {
    const total = writer.uniform(`terms${suffix}`, termsOfRange(range));
    const counters = new LoopCounters(writer, inliner);
    const term = counters.count(`term${suffix}`, part?.first ?? '0', 1, termsOfRange(range));
    const names = [...spec.window.map(({ name }) => name), 'channel'];
    const digits = counters.digits(
      names.map((name) => `${name}Term${suffix}`),
      part ? term : ix.zero,
      1,
      shapeOfRange(range),
    );
    const end = part ? `min(${part.end}, ${total})` : total;
    writer.block(`while (term${suffix} < ${end})`, () => {
      inliner.loop = counters;
      const taps = digits.slice(0, -1);
      const inRange = digits[digits.length - 1];
      const k = ix.shift(inRange, range.begin);
      const bounds = [
        { coord: inRange, extent: range.depth },
        ...(spec.counts?.(batch, row, taps, column) ?? []),
      ].filter((bound) => canMiss(bound, writer));
      const a = spec.a(batch, row, taps, k).code;
      const b = inliner.widen(spec.b(batch, taps, k, column), width);
      const counts = bounds.length === 0 ? 'true' : inliner.condition(bounds).code;
      writer.statement(`counted = select(counted, counted + ${a} * ${b}, ${counts});`);
      counters.update();
      inliner.loop = null;
    });
  };
  rangesOf(spec).forEach((range, i) => sumRange(range, i === 0 ? '' : String(i)));
}
