/** What the documentation shows of the sources and tests is there. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

const FENCE = /^```ts\n([\s\S]*?)^```$/gm;
const LINK = /\]\(\.\.\/((?:src|test)\/[^)#]+)\)/g;

/** Code without the white space that tells where it stands. */
const squeezed = (code: string): string => code.replace(/\s+/g, ' ').trim();

/** Each block of TypeScript with the last link in front of it, after the block before. */
function blocksOf(text: string) {
  let end = 0;
  return [...text.matchAll(FENCE)].map((found) => {
    const links = [...text.slice(end, found.index).matchAll(LINK)];
    end = found.index + found[0].length;
    return { file: links.at(-1)?.[1], pieces: found[1].split(/^…$/m).map(squeezed) };
  });
}

const blocks = blocksOf(readFileSync('docs/adding-a-fusion.md', 'utf8'));

test('every block stands under a link', () => {
  expect(blocks.length).toBeGreaterThan(15);
  expect(blocks.filter(({ file }) => file === undefined)).toEqual([]);
});

test.each(blocks.map(({ file, pieces }) => [file as string, pieces] as const))(
  '%s has what the documentation shows of it',
  (file, pieces) => {
    const source = squeezed(readFileSync(file, 'utf8'));
    for (const piece of pieces) expect(source).toContain(piece);
  },
);

describe('reliability.md names tests that there are', () => {
  const named = [...readFileSync('docs/reliability.md', 'utf8').matchAll(/`(test\/[^`]+\.ts)`, “([^”]+)”/g)]; // prettier-ignore

  test('one for each input that once failed', () => {
    expect(named.length).toBeGreaterThan(30);
  });

  test.each(named.map(([, file, title]) => [file, title]))('%s has “%s”', (file, title) => {
    expect(readFileSync(file, 'utf8')).toContain(title);
  });
});

describe('links of what is published', () => {
  const { files } = JSON.parse(readFileSync('package.json', 'utf8')) as { files: string[] };
  const published = [
    'README.md',
    'CHANGELOG.md',
    ...markdownIn('docs'),
    ...markdownIn('docs/guide'),
  ];
  const links = published.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link]) => link)
      .filter((link) => !/^\w+:/.test(link))
      .map((link) => [file, link] as const),
  );
  const targetOf = (file: string, link: string): string =>
    join(dirname(file), link.replace(/#.*$/, '')) || file;

  test('there are some', () => {
    expect(links.length).toBeGreaterThan(40);
  });

  test.each(links)('%s: %s leads to a file and its heading', (file, link) => {
    const [, anchor] = link.split('#');
    const target = link.startsWith('#') ? file : targetOf(file, link);
    expect(existsSync(target)).toBe(true);
    if (anchor) expect(headingsOf(readFileSync(target, 'utf8'))).toContain(anchor);
  });

  test('those of the README are in the package', () => {
    const outside = links
      .filter(([file]) => file === 'README.md')
      .map(([file, link]) => targetOf(file, link))
      .filter((target) => !files.some((kept) => target === kept || target.startsWith(`${kept}/`)));
    expect(outside).toEqual([]);
  });
});

function markdownIn(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.md'));
  return names.map((name) => join(folder, name));
}

/** Headings as addresses, the way they are made of them everywhere. */
function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}
