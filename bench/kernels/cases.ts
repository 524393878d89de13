/** Every case of the kernel benchmark. */
import { ATTENTIONS } from './attentions';
import type { KernelCase } from './case';
import { BLOCKS, CONVOLUTIONS, DEPTHWISE } from './convolutions';
import { OTHERS } from './others';
import { PRODUCTS } from './products';

export const CASES: readonly KernelCase[] = [
  ...PRODUCTS,
  ...CONVOLUTIONS,
  ...DEPTHWISE,
  ...BLOCKS,
  ...ATTENTIONS,
  ...OTHERS,
];
