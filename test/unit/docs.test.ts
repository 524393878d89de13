/** The code in `docs/adding-a-fusion.md` is that of the files which the text above it links to. */
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
