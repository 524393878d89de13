/** Loops in the kernels of attention. */
import type { KernelWriter } from '../wgsl/kernel-writer';

/**
 * A loop over `count` steps, named `name`. Its bound is a uniform, so that no driver spends seconds on
 * unrolling it further; that a step is less than `most` is what WGSL compilers see, which else check
 * each access to workgroup memory.
 */
export function emitCappedLoop(
  writer: KernelWriter,
  name: string,
  count: number,
  most: number,
  body: () => void,
): void {
  const limit = writer.uniform(`${name}s`, count);
  writer.block(`for (var i = 0u; i < u32(${limit}); i++)`, () => {
    writer.statement(`let ${name} = i32(min(i, ${most - 1}u));`);
    writer.defineVariable(name);
    body();
  });
}
