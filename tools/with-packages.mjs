#!/usr/bin/env node
// Runs a command with the packages of package-lock.json installed, and their programs found by name.
import { ensurePackages } from './support/packages.mjs';
import { logger, pathWithPackages, runInTerminal } from './support/process.mjs';

const log = logger('packages');
const command = process.argv.slice(2);
if (command.length === 0 || command[0] === '-h' || command[0] === '--help') {
  process.stdout.write('Usage: node tools/with-packages.mjs <command> [arguments...]\n');
  process.exit(command.length ? 0 : 2);
}
try {
  await ensurePackages(log);
  process.exit(await runInTerminal(command, { ...process.env, PATH: pathWithPackages() }));
} catch (error) {
  log(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
