/** Loops and conditions in the kernels of attention. */
import type { KernelWriter } from '../wgsl/kernel-writer';

/**
 * A loop over `count` steps, named `name`. Its bound is a uniform, so that no driver spends seconds on
 * unrolling it further; that a step is less than `most` is what WGSL compilers see, which else check
 * each access to workgroup memory.
 *
 * @param isUnrolled leaves a loop of all `most` steps to the driver to unroll: a GPU's took 39 µs for
 *   49 with the loops over a tile unrolled (H100, 8 heads, 512 keys), a processor's takes seconds.
 */
export function emitCappedLoop(
  writer: KernelWriter,
  name: string,
  count: number,
  most: number,
  body: () => void,
  isUnrolled = false,
): void {
  if (isUnrolled && count === most) {
    writer.block(`for (var ${name} = 0; ${name} < ${count}; ${name}++)`, () => {
      writer.defineVariable(name);
      body();
    });
    return;
  }
  const limit = writer.uniform(`${name}s`, count);
  writer.block(`for (var i = 0u; i < u32(${limit}); i++)`, () => {
    writer.statement(`let ${name} = i32(min(i, ${most - 1}u));`);
    writer.defineVariable(name);
    body();
  });
}

/** Writes `body` under a condition; '' is one that always holds. */
export function guarded(writer: KernelWriter, condition: string, body: () => void): void {
  if (condition === '') body();
  else writer.block(`if (${condition})`, body);
}
