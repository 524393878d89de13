/** The commands of the documentation: each is known to `npm run check:commands`, and is there. */
import { readFileSync } from 'node:fs';
import { commandsOf, commandsOfDocs } from '../../../tools/commands/extract.mjs';
import { ROWS, ROW_OF } from '../../../tools/commands/table.mjs';

const documented = commandsOfDocs();
const names = new Set(documented.map(({ command }) => command));

test('lines of blocks without their remarks, and what stands in the text', () => {
  const page =
    '```sh\nnpm run a   # says what\n\n# nothing\nnpx b c\n```\nSee `npm run d -- e`, `f`.\n';
  expect(commandsOf(page)).toEqual(['npm run a', 'npx b c', 'npm run d -- e']);
});

test('there are many', () => {
  expect(names.size).toBeGreaterThan(60);
});

test('each is run, or the table says why not', () => {
  const strangers = documented.filter(({ command }) => !ROW_OF.has(command));
  expect(strangers).toEqual([]);
});

test('the table has none that no page says, and none twice', () => {
  const said = ROWS.flatMap(({ says }) => says);
  expect(said.filter((command) => !names.has(command))).toEqual([]);
  expect(new Set(said).size).toBe(said.length);
});

test('each script of npm that a page names is one', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    scripts: Record<string, string>;
  };
  const named = [...names].flatMap((command) =>
    [...command.matchAll(/npm run ([\w:]+)/g)].map(([, script]) => script),
  );
  expect(named.filter((script) => !(script in scripts))).toEqual([]);
});
