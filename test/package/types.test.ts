import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PACKAGE = 'tfjs-backend-webgpu-fused';

// Both kinds of declarations resolve and compile: those of `import` and those of `require`.
test('the declarations suit ES modules and CommonJS', async () => {
  const tsc = ['node_modules/typescript/bin/tsc', '-p', 'test/package/types'];
  const said = await promisify(execFile)(process.execPath, tsc).then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  );
  expect(said).toBe('');
});

test('older resolution, which knows no exports, finds every subpath', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fused-types-'));
  try {
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(process.cwd(), join(folder, 'node_modules', PACKAGE), 'junction');
    const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      exports: Record<string, unknown>;
    };
    const subpaths = Object.keys(exports).filter((path) => path !== './package.json');
    const lines = subpaths.map((path, at) => `export * as e${at} from '${join(PACKAGE, path)}';`);
    writeFileSync(join(folder, 'index.ts'), lines.join('\n'));
    const tsc = [
      ...[join(process.cwd(), 'node_modules/typescript/bin/tsc'), 'index.ts', '--noEmit'],
      ...['--module', 'commonjs', '--moduleResolution', 'node10', '--ignoreDeprecations', '6.0'],
      ...['--target', 'es2022', '--skipLibCheck'],
    ];
    const said = await promisify(execFile)(process.execPath, tsc, { cwd: folder }).then(
      ({ stdout }) => stdout,
      (error: { stdout: string }) => error.stdout,
    );
    expect(subpaths.length).toBeGreaterThan(5);
    expect(said).toBe('');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
