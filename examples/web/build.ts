/** `npm run site` and `npm run demo:web`. */
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';

interface Options {
  out: string;
  serve: boolean;
  port: number;
  bundled: boolean;
}

function portNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value < 65536) return value;
  throw new InvalidArgumentError('It is not a port.');
}

const command = new Command('npm run site --')
  .description('Builds the page of the demo as a static site: a folder to copy to any server.')
  .option('--out <folder>', 'where it goes', 'site')
  .option('--bundled', 'only what the repository has: two models, and a drawing', false)
  .option('--serve', 'serve it on localhost, and build it anew when its sources change', false)
  .option('--port <n>', 'of --serve', portNumber, 8080)
  .parse();

const { out, serve, port, bundled } = command.opts<Options>();
// What follows takes seconds to load, which whoever asks for help need not wait for.
const { buildSite } = await import('./site');
try {
  const folder = resolve(out);
  const site = await buildSite({ folder, isBundled: bundled });
  process.stdout.write(`The site: ${folder}\n`);
  if (serve) {
    await site.watch();
    const server = await site.serve({ servedir: folder, port, host: 'localhost' });
    process.stdout.write(`Open http://localhost:${server.port} · Ctrl-C stops\n`);
  } else {
    await site.dispose();
  }
} catch (error) {
  process.stderr.write(`[site] ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
