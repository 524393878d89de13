/**
 * The frames benchmark, in headless Chromium: a model on the frames of a generated video, a canvas and bitmaps.
 * Dispatches and JavaScript of a frame beside those of a tensor as input, and answers beside stock's.
 */
import { bundlePage } from './harness/bundle-page';
import { launchBrowser, openWithAdapter } from '../tools/browser/launch.mjs';
import { serveFolder } from '../test/support/static-server';
import { benchCommand, log, positiveInteger, printSections, runBench } from './harness/command';
import { type FramesResult, SOURCES, type SourceName } from './frames/sources';

const HTML = '<!doctype html><meta charset="utf-8"><body><script src="/page.js"></script>';

/**
 * JavaScript that a frame may take more than a tensor, in milliseconds: than one that is there, without the browser's
 * own copy of the pixels, and than one that stock's `fromPixels` makes of the same source, with it.
 */
const MAX_MORE_JS = 0.5;

/** A global of the page. */
interface Scope {
  measureFrames(name: SourceName, frames: number, compareEvery: number): Promise<FramesResult>;
}

function problemsOf(result: FramesResult): string[] {
  const { source, dispatches, dispatchesOfTensor, js, jsOfTensor, pipelines, growth } = result;
  const more = js.median - result.jsOfCopy.median - jsOfTensor.median;
  const moreThanStock = js.median - result.jsOfStock.median;
  const found = [
    Math.max(...dispatches) > Math.max(...dispatchesOfTensor) && 'more dispatches than a tensor',
    more > MAX_MORE_JS && `${more.toFixed(2)} ms more JavaScript than a tensor`,
    moreThanStock > MAX_MORE_JS &&
      `${moreThanStock.toFixed(2)} ms more JavaScript than a tensor of stock's fromPixels`,
    pipelines > 0 && `${pipelines} pipelines after the first frames`,
    result.pixelError > 1 && `pixels differ by ${result.pixelError}`,
    result.error > 1 / 255 && `answers differ by ${result.error}`,
    Object.values(growth).some((value) => value > 0) && `holds more: ${JSON.stringify(growth)}`,
  ];
  return found.flatMap((problem) => (problem === false ? [] : [`${source}: ${problem}`]));
}

function format({ source, ...result }: FramesResult): string {
  const { frames, isExternal, dispatches, dispatchesOfTensor, stockDispatches, js, jsOfTensor } =
    result;
  const ms = ({ median }: FramesResult['js']): string => `${median.toFixed(2)} ms`;
  return [
    `${source}, ${frames} frames, ${isExternal ? 'lent by the browser' : 'copied to textures'}:`,
    `  dispatches a frame: ${dispatches.join(' or ')}; with a tensor ${dispatchesOfTensor.join(' or ')}; stock ${stockDispatches.join(' or ')}`,
    `  JavaScript a frame: ${ms(js)}, of it ${ms(result.jsOfCopy)} the browser's own copy of the pixels`,
    `  with a tensor: ${ms(jsOfTensor)}; and with stock's fromPixels, which makes it, ${ms(result.jsOfStock)}`,
    `  pipelines after the first frames: ${result.pipelines}`,
    `  largest difference from stock: pixels ${result.pixelError} of 255, answers ${result.error.toExponential(1)} of their range`,
    `  held more at the end: ${JSON.stringify(result.growth)}`,
  ].join('\n');
}

void runBench(async () => {
  const command = benchCommand({
    name: 'bench:frames',
    description: 'Frames of a video, a canvas and bitmaps as input of a model, in Chromium.',
    names: `sources (default: all of ${SOURCES.join(', ')})`,
    reps: ['frames of each source', 300],
    warmups: ['frames between two that stock computes as well', 10],
  })
    .option('--timeout <seconds>', 'for one source', positiveInteger, 900)
    .parse();
  const { reps, warmups, timeout } = command.opts<{
    reps: number;
    warmups: number;
    timeout: number;
  }>();
  const names = SOURCES.filter((name) => command.args.length === 0 || command.args.includes(name));
  const server = await serveFolder('.', {
    '/page.html': HTML,
    '/page.js': await bundlePage('bench/frames/page.ts'),
  });
  const problems: string[] = [];
  try {
    for (const name of names) {
      const browser = await launchBrowser({
        args: ['--autoplay-policy=no-user-gesture-required'],
        log,
      });
      try {
        log(name);
        const page = await browser.newPage();
        page.setDefaultTimeout(timeout * 1000);
        page.on('pageerror', (error) => log(String(error)));
        await openWithAdapter(page, `${server.url}/page.html`);
        const result = await page.evaluate(
          (asked) =>
            (globalThis as unknown as Scope).measureFrames(asked.name, asked.reps, asked.warmups),
          { name, reps, warmups },
        );
        printSections([format(result)]);
        problems.push(...problemsOf(result));
      } finally {
        await browser.close();
      }
    }
  } finally {
    await server.close();
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
});
