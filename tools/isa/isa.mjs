#!/usr/bin/env node
// Runs bench/isa.ts once for each AMD GPU, in an environment where WebGPU finds that GPU's compiler.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePackages } from '../support/packages.mjs';
import { logger, pathWithPackages, ROOT, runInTerminal } from '../support/process.mjs';
import { compilerEnvironment } from './radv.mjs';

const HELP = `Usage: node tools/isa/isa.mjs [options]

What AMD's compiler makes of the kernels, without a GPU: instructions a multiply-add in the innermost
loop, bytes loaded a FLOP over the loop over k, integer divisions, registers, spills, waves, workgroup
memory; and whether that is what a GPU that is busy with them demands (bench/isa/demands.ts). Compared
with bench/isa/<family>.json; worse than there fails.

Options:
  --family <name>     navi31 (default), navi21, vega10, gfx1150, …; all: the first three
  --filter <pattern>  only cases whose names match a regular expression
  --stock             stock's kernels as well
  --update            write the figures as those to compare with
  --candidates        every candidate of each choice as well, not only the rule's pick
  --force <class>     kernels of this class of adapter, such as nvidia, by AMD's compiler all the same
  --asm <folder>      keep the assembly of every kernel
  -h, --help          this text
`;

const FAMILIES = ['navi31', 'navi21', 'vega10'];
const log = logger('isa');
const args = process.argv.slice(2);

if (args.includes('-h') || args.includes('--help')) {
  process.stdout.write(HELP);
  process.exit(0);
}
try {
  await ensurePackages(log);
  const at = args.indexOf('--family');
  const asked = at < 0 ? 'navi31' : args[at + 1];
  const rest = at < 0 ? args : [...args.slice(0, at), ...args.slice(at + 2)];
  let worst = 0;
  for (const family of asked === 'all' ? FAMILIES : [asked]) {
    const output = mkdtempSync(join(tmpdir(), 'isa-'));
    const env = await compilerEnvironment(family, output, log);
    const script = join(ROOT, 'bench', 'isa.ts');
    const code = await runInTerminal(['tsx', script, '--family', family, ...rest], {
      ...process.env,
      ...env,
      PATH: pathWithPackages(),
    });
    rmSync(output, { recursive: true, force: true });
    worst = Math.max(worst, code);
  }
  process.exit(worst);
} catch (error) {
  log(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
