/** How the source reads: each file says what it is, and a type's name means one thing. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file, text: readFileSync(join('src', file), 'utf8') }));

test('every file opens with what it is', () => {
  const silent = files.filter(({ text }) => !/^\/(\*\*|\/)/.test(text));
  expect(files.length).toBeGreaterThan(200);
  expect(silent.map(({ file }) => file)).toEqual([]);
});

test('no name of a type is declared in two files', () => {
  const declared = new Map<string, string[]>();
  for (const { file, text } of files) {
    const names = text.matchAll(/^(?:export )?(?:abstract )?(?:class|interface|type|enum) (\w+)/gm);
    for (const [, name] of names) declared.set(name, [...(declared.get(name) ?? []), file]);
  }
  expect(declared.size).toBeGreaterThan(300);
  expect([...declared].filter(([, where]) => where.length > 1)).toEqual([]);
});
