/** Adds up what slices of a workgroup have summed each: the end of a sum that they shared. */
import type { KernelWriter } from './wgsl/kernel-writer';

export interface Slices {
  /** How many, a power of two, and invocations of each. */
  readonly count: number;
  readonly invocations: number;
  /** Array in workgroup memory, of vectors like the sums: half of all sums must fit. */
  readonly memory: string;
  /** Variables of an invocation. */
  readonly sums: readonly string[];
}

/**
 * Writes a tree of additions after which slice 0 has the whole sums. `slice` and `inSlice` are
 * variables: which slice an invocation is of, and which one of it. Nobody may still read `memory`.
 */
export function joinSlices(writer: KernelWriter, slices: Slices): void {
  const { count, invocations, memory, sums } = slices;
  for (let half = count / 2; half >= 1; half /= 2) {
    const place = (first: string, item: number): string =>
      `${memory}[${first}${item === 0 ? '' : ` + ${item * half * invocations}`}]`;
    writer.block(`if (slice >= ${half} && slice < ${2 * half})`, () => {
      writer.statement(`let place = (slice - ${half}) * ${invocations} + inSlice;`);
      sums.forEach((sum, item) => writer.statement(`${place('place', item)} = ${sum};`));
    });
    writer.statement('workgroupBarrier();');
    writer.block(`if (slice < ${half})`, () => {
      writer.statement(`let place = slice * ${invocations} + inSlice;`);
      sums.forEach((sum, item) => writer.statement(`${sum} += ${place('place', item)};`));
    });
    if (half > 1) writer.statement('workgroupBarrier();');
  }
}
