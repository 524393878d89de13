// The packages of package-lock.json: installed by whatever runs first on a fresh clone.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, runInTerminal } from './process.mjs';

/**
 * Installs the packages where they are missing; what npm says goes to the terminal.
 *
 * @param {(line: string) => void} log
 */
export async function ensurePackages(log) {
  if (existsSync(join(ROOT, 'node_modules', '.package-lock.json'))) return;
  log('installing the packages of package-lock.json (npm ci)');
  const code = await runInTerminal(['npm', '--prefix', ROOT, 'ci', '--no-audit', '--no-fund']);
  if (code !== 0) throw new Error(`npm ci failed with exit code ${code}`);
}
