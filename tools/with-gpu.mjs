#!/usr/bin/env node
// Runs a command with a working WebGPU adapter in its environment.
import { ensureGpu } from './gpu/ensure-gpu.mjs';
import { ensurePackages } from './support/packages.mjs';
import { logger, pathWithPackages, runInTerminal } from './support/process.mjs';

const HELP = `Usage: node tools/with-gpu.mjs <command> [arguments...]

Runs a command in an environment where Node's WebGPU (npm package \`webgpu\`) finds an adapter:
  1. the one that the machine has (a GPU, or the driver named in VK_ICD_FILENAMES);
  2. a software driver fetched before, in .cache/gpu;
  3. lavapipe (Mesa 25) from the system's package archive, without root, into .cache/gpu;
  4. SwiftShader from npm, into .cache/gpu.
The packages of package-lock.json are installed first where they are missing; their programs are
found by name, as in npm scripts.

  node tools/with-gpu.mjs tsx bench/models.ts
  node tools/with-gpu.mjs --print      only says which adapter it is, and the variables

Options:
  --print      print the adapter and the environment that it needs, as JSON
  -h, --help   this text
`;

const log = logger('gpu');
const command = process.argv.slice(2);

if (command.length === 0 || command[0] === '-h' || command[0] === '--help') {
  (command.length ? process.stdout : process.stderr).write(HELP);
  process.exit(command.length ? 0 : 2);
}

try {
  await ensurePackages(log);
  // Whoever asks for help need not wait for a driver.
  const asksForHelp = command.some((word) => word === '-h' || word === '--help');
  const { adapter, env } = asksForHelp ? { adapter: null, env: {} } : await ensureGpu({ log });
  if (command[0] === '--print') {
    process.stdout.write(JSON.stringify({ adapter, env }, null, 2) + '\n');
    process.exit(0);
  }
  process.exit(await runInTerminal(command, { ...process.env, ...env, PATH: pathWithPackages() }));
} catch (error) {
  log(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
