/**
 * How a kernel family chooses among ways to compute the same: it states its candidates as data, its
 * rule ranks those that are legal here, and a measurement on the device may prefer another.
 */
import type { KernelTarget } from './target';

/** One way to compute a case, such as a tile. */
export interface Candidate {
  /** Unique in its family, short, and stable: measurements are kept by it, as in `64×64×32 8×4`. */
  readonly name: string;
}

/**
 * The candidate to generate: what was measured to be fastest, else the rule's pick.
 * @param ranked the candidates that are legal for the case and the device, the rule's pick first
 * @throws Error if there is none
 */
export function chooseCandidate<C extends Candidate>(
  target: KernelTarget,
  family: string,
  shape: string,
  ranked: readonly C[],
): C {
  if (ranked.length === 0) throw new Error(`${family} ${shape}: no candidate is legal here`);
  if (!target.choose || ranked.length === 1) return ranked[0];
  const name = target.choose({ family, shape, candidates: ranked.map((one) => one.name) });
  return ranked.find((one) => one.name === name) ?? ranked[0];
}

/** What sizes that fill no device are taken for, whatever its tiles are: all up to four times as many. */
const FEW = 256;

/**
 * What a size that varies is taken for when tiles are chosen, so that few sizes of a graph choose another
 * tile, and need another shader, than those before: the nearest power of 16, a quarter or four times of it
 * at most where there are more than a few.
 */
export function roundSize(size: number): number {
  return size <= 1 ? size : Math.max(FEW, 16 ** Math.round(Math.log2(size) / 4));
}

/**
 * The class of a case's sizes, as text: cases of one class are taken to have the same fastest
 * candidate. Sizes up to 16 are classes of their own; above, there are four to each power of two.
 */
export function shapeClass(sizes: Readonly<Record<string, number>>): string {
  return Object.entries(sizes)
    .map(([name, size]) => `${name} ${sizeClass(size)}`)
    .join(', ');
}

function sizeClass(size: number): number {
  if (size <= 16) return size;
  const step = 2 ** Math.floor(Math.log2(size)) / 4;
  return Math.floor(size / step) * step;
}
