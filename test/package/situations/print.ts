/** `npm run transcripts`: what a user sees in each situation that the tests know, as Markdown. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { titles, visitPages } from './pages';
import { BAD_INPUTS, callProgram, saidFor } from './program';
import { runSituation, SITUATIONS, type Situation } from './scripts';

const show = (title: string, said: readonly string[], answer: string): void => {
  const text = [...said, `→ ${answer}`].join('\n');
  process.stdout.write(`### ${title}\n\n\`\`\`text\n${text}\n\`\`\`\n\n`);
};

/** What tfjs says once for each kernel, where it is loaded twice. */
const TWICE = /^The kernel '\w+' for backend '\w+' is already registered$/;

/** Lines of the console, without what a browser says of a missing icon. */
function shorten(lines: readonly string[]): string[] {
  const isKept = (line: string): boolean => !TWICE.test(line) && !line.startsWith('Failed to load');
  const twice = lines.filter((line) => TWICE.test(line)).length;
  const count = twice > 0 ? [`(and ${twice} lines of tfjs's: The kernel '…' is already registered)`] : []; // prettier-ignore
  return [...lines.filter(isKept), ...count];
}

process.stdout.write(`# What a user sees

What \`npm run transcripts\` prints: the console, and after the arrow what the app's code came to. Pages run in
headless Chromium, scripts in Node ${process.versions.node.split('.')[0]}; \`test/package\` asserts the lines that are this package's.

`);

const transcripts = await visitPages();
for (const [name, { lines, result }] of Object.entries(transcripts)) {
  show(titles[name], shorten(lines), JSON.stringify(result));
}
for (const situation of Object.values<Situation>(SITUATIONS)) {
  const { said, out, code } = await runSituation(situation);
  show(situation.title, said, [...out, `exit code ${code}`].join('; '));
}

const folder = mkdtempSync(join(tmpdir(), 'fused-transcripts-'));
process.stdout.write('## The program, of what is wrong\n\n');
for (const { title, args, write } of BAD_INPUTS) {
  write?.(folder);
  const { code, err } = await callProgram(args, { cwd: folder });
  const line = `$ npx tfjs-backend-webgpu-fused ${args.join(' ')}`;
  show(title, [line, ...saidFor(err, folder)], `exit code ${code}`);
}
rmSync(folder, { recursive: true, force: true });
process.exit(0);
