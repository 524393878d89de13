/** Compiles recorded kernels, and reads what the compiler left of each. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordedDispatch } from '../kernels/recorder';
import { describeLoops, type LoopReport } from './assembly';

/** What became of one kernel. */
export interface KernelStatistics {
  readonly label: string;
  readonly workgroups: number;
  readonly vgprs: number;
  readonly sgprs: number;
  /** Registers that did not fit, of either kind. */
  readonly spills: number;
  /** Waves that a SIMD can hold at once. */
  readonly waves: number;
  /** Bytes of workgroup memory. */
  readonly sharedBytes: number;
  readonly codeBytes: number;
  readonly loops: LoopReport | null;
}

/** The statistics of RADV that are used here. */
interface RadvStatistics {
  readonly VGPRs: number;
  readonly SGPRs: number;
  readonly 'Spilled VGPRs': number;
  readonly 'Spilled SGPRs': number;
  readonly 'Subgroups per SIMD': number;
  readonly 'LDS size': number;
  readonly 'Code size': number;
}

export class Compiler {
  private readonly known = new Map<string, Omit<KernelStatistics, 'label' | 'workgroups'>>();

  /** @param output where the driver leaves files for each pipeline */
  constructor(
    private readonly device: GPUDevice,
    private readonly output: string,
  ) {}

  compile({ wgsl, label, entryPoint, constants, workgroups }: RecordedDispatch): KernelStatistics {
    const key = JSON.stringify([wgsl, entryPoint, constants]);
    let found = this.known.get(key);
    if (!found) {
      const before = new Set(readdirSync(this.output));
      const module = this.device.createShaderModule({ code: wgsl });
      this.device.createComputePipeline({
        layout: 'auto',
        compute: { module, entryPoint, constants },
      });
      const made = readdirSync(this.output).filter((name) => !before.has(name));
      const file = made.find((name) => name.endsWith('.json'));
      if (!file) throw new Error(`the compiler left nothing of ${label}`);
      this.known.set(key, (found = this.read(file.replace('.json', ''))));
    }
    return { label, workgroups: workgroups.reduce((product, count) => product * count), ...found };
  }

  private read(name: string): Omit<KernelStatistics, 'label' | 'workgroups'> {
    const text = (kind: string): string =>
      readFileSync(join(this.output, `${name}.${kind}`), 'utf8');
    const statistics = JSON.parse(text('json')) as RadvStatistics;
    return {
      vgprs: statistics.VGPRs,
      sgprs: statistics.SGPRs,
      spills: statistics['Spilled VGPRs'] + statistics['Spilled SGPRs'],
      waves: statistics['Subgroups per SIMD'],
      sharedBytes: statistics['LDS size'],
      codeBytes: statistics['Code size'],
      loops: describeLoops(text('asm')),
    };
  }
}
