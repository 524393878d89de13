import { readFileSync } from 'node:fs';
import { version } from '../../src/pure';

test('the version is that of the package', () => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(version).toBe(manifest.version);
});
