/** What a real GPU's compiler must make of the kernels that a GPU is busy with. */
import type { KernelCase } from '../kernels/case';
import type { KernelStatistics } from './compiler';
import { figuresOf } from './ratchet';

const LARGE = 2 * 512 ** 3;
const LIMITS = {
  vgprs: 144,
  attentionVgprs: 192,
  waves: 4,
  instructionsPerFma: 2.6,
  bytesPerFlop: 0.5,
  /** From 512³ up. */
  largeBytesPerFlop: 0.25,
};

/** Products, convolutions and attention over many rows: the others are bound by memory. */
export function isJudged({ group, flops, bytes }: KernelCase): boolean {
  const isProduct = group === 'product' || group === 'convolution' || group === 'attention';
  return isProduct && flops / bytes >= 8;
}

/** What the kernel that does most of a case's work misses. Waves are demanded of navi31 only. */
export function missesOf(entry: KernelCase, kernel: KernelStatistics, family: string): string[] {
  const { vgprs, spills, waves, instructionsPerFma, bytesPerFlop, divisions } = figuresOf(kernel);
  const most = entry.group === 'attention' ? LIMITS.attentionVgprs : LIMITS.vgprs;
  const bytes = entry.flops >= LARGE ? LIMITS.largeBytesPerFlop : LIMITS.bytesPerFlop;
  const misses: [boolean, string][] = [
    [spills > 0, `${spills} registers spilled`],
    [vgprs > most, `${vgprs} VGPRs, more than ${most}`],
    [family === 'navi31' && waves < LIMITS.waves, `${waves} waves a SIMD, less than 4`],
    [
      (instructionsPerFma ?? 0) > LIMITS.instructionsPerFma,
      `${instructionsPerFma} instructions a multiply-add, more than ${LIMITS.instructionsPerFma}`,
    ],
    [(bytesPerFlop ?? 0) > bytes, `${bytesPerFlop} bytes a FLOP, more than ${bytes}`],
    [divisions > 0, `${divisions} steps of integer divisions in the innermost loop`],
  ];
  return misses.filter(([isMissed]) => isMissed).map(([, text]) => text);
}
