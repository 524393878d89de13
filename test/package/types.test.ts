import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

// Both kinds of declarations resolve and compile: those of `import` and those of `require`.
test('the declarations suit ES modules and CommonJS', async () => {
  const tsc = ['node_modules/typescript/bin/tsc', '-p', 'test/package/types'];
  const said = await promisify(execFile)(process.execPath, tsc).then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  );
  expect(said).toBe('');
});
