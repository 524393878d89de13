/** What the documentation shows of the sources and tests is there. */
import { readFileSync } from 'node:fs';

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
