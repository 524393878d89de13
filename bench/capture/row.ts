/** What the capture benchmark knows of one model. */
import type { Variant } from './variants';
import type { VariantResult } from './task';
import type { WarmupResult } from './warmup';

export interface CaptureRow {
  model: string;
  /** On the null device: the cost of JavaScript and of the API. */
  js?: VariantResult[];
  /** On a real device, results read back. */
  wall?: VariantResult[];
  /** On a real device, with an empty cache of compiled shaders. */
  warmup?: WarmupResult;
  /** Why something is missing. */
  problems: string[];
}

/** One variant's results; those of the null device first, for memory is the same on any. */
export function resultOf(row: CaptureRow, variant: Variant): VariantResult | undefined {
  const find = (results: VariantResult[] | undefined): VariantResult | undefined =>
    results?.find((result) => result.variant === variant);
  return find(row.js) ?? find(row.wall);
}

export function wallOf({ wall }: CaptureRow, variant: Variant): VariantResult | undefined {
  return wall?.find((result) => result.variant === variant);
}
