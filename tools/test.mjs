#!/usr/bin/env node
// Runs the checks and the tests, each with the set-up it needs. Works on a fresh clone.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { ensureChromium } from './browser/ensure-chromium.mjs';
import { ensureGpu } from './gpu/ensure-gpu.mjs';
import { ensurePackages } from './support/packages.mjs';
import { CACHE, ROOT, logger, pathWithPackages, runInTerminal } from './support/process.mjs';

const HELP = `Usage: node tools/test.mjs [step...] [-- arguments for jest]

Without steps, all of them, in this order; packages are installed first where they are missing.
  typecheck   TypeScript, sources and tests
  lint        eslint, import directions, formatting
  unit        test/unit: pure, no device
  gpu         test/gpu: on a WebGPU adapter, in two processes where there are cores for them
  lossy       test/gpu on devices that lose what WGSL lets a driver lose: NaN and denormals;
              a part of it, unless it is asked for
  exhaustive  test/gpu with every candidate of a kernel over every shape; only if it is asked for
  build       dist/
  size        dist/ against the size limit
  package     test/package: the built package in Node and in headless Chromium, the examples

  npm test
  npm run test:gpu -- -t 'matMul' test/gpu/smoke.test.ts

The last line is the sum: "N passed, N failed" (a failed check counts as one failed).
`;

/** @typedef {{passed: number, failed: number}} Totals */

/** What of `lossy` runs with everything else: special values in every op and every kernel. */
const LOSSY_SLICE = ['test/gpu/expression/scalar-ops', 'test/gpu/kernels/special-values'];

/** A software driver compiles shaders on one core, which is what most of the time goes into. */
const GPU_PROCESSES = Math.min(2, availableParallelism());

const CHECKS = /** @type {const} */ (['typecheck', 'lint', 'build', 'size']);
const ALL = ['typecheck', 'lint', 'unit', 'gpu', 'lossy', 'build', 'size', 'package'];
const STEPS = [...ALL, 'exhaustive'];
/** Jest has written its results by then; what is left is a process that does not end. */
const EXIT_GRACE_MS = 10_000;

const log = logger('test');
const [steps, jestArgs] = parseArguments(process.argv.slice(2));
process.env.PATH = pathWithPackages();
process.chdir(ROOT);

const totals = { passed: 0, failed: 0 };
try {
  await ensurePackages(log);
  for (const step of steps) {
    const started = Date.now();
    const { passed, failed } = CHECKS.some((name) => name === step)
      ? await runCheck(step)
      : await runJest(step);
    totals.passed += passed;
    totals.failed += failed;
    log(`${step}: ${failed ? 'failed' : 'ok'}, ${((Date.now() - started) / 1000).toFixed(1)} s`);
    if (step === 'build' && failed) {
      log('the package tests need a build: not run');
      break;
    }
  }
} catch (error) {
  log(error instanceof Error ? error.message : String(error));
  totals.failed++;
}
process.stdout.write(`${totals.passed} passed, ${totals.failed} failed\n`, () =>
  process.exit(totals.failed ? 1 : 0),
);

/**
 * @param {string[]} args
 * @returns {[string[], string[]]}
 */
function parseArguments(args) {
  if (args.includes('-h') || args.includes('--help')) {
    process.stdout.write(HELP);
    process.exit(0);
  }
  // npm swallows the "--" before arguments: what is not a step belongs to Jest.
  const end = args.findIndex((name) => !STEPS.includes(name));
  const asked = end < 0 ? args : args.slice(0, end);
  const rest = end < 0 ? [] : args.slice(end);
  return [asked.length ? asked : ALL, rest[0] === '--' ? rest.slice(1) : rest];
}

/** @param {string} step @returns {Promise<Totals>} */
async function runCheck(step) {
  const code = await runInTerminal(['npm', 'run', '--silent', step]);
  return { passed: 0, failed: code === 0 ? 0 : 1 };
}

/** @param {string} step @returns {Promise<Totals>} */
async function runJest(step) {
  const isExhaustive = step === 'exhaustive';
  const project = isExhaustive ? 'gpu' : step;
  const results = join(CACHE, 'jest', `${step}.json`);
  mkdirSync(dirname(results), { recursive: true });
  rmSync(results, { force: true });

  /** @type {{env: Record<string, string>}} */
  const { env } = project === 'unit' ? { env: {} } : await ensureGpu();
  if (isExhaustive) env.TEST_EXHAUSTIVELY = '1'; // test/support/exhaustively.ts
  if (project === 'package') await ensureChromium(); // now, where its progress can be seen
  const jest = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
  const command = [process.execPath, jest, '--selectProjects', project];
  if (project === 'package') command.push('--runInBand');
  else if (project !== 'unit') command.push(`--maxWorkers=${GPU_PROCESSES}`);
  const slice = project === 'lossy' && steps === ALL ? LOSSY_SLICE : [];
  command.push('--json', '--outputFile', results, '--passWithNoTests', ...slice, ...jestArgs);

  const stop = new AbortController();
  const watch = setInterval(() => {
    if (!existsSync(results) || jestArgs.some((name) => name.startsWith('--watch'))) return;
    clearInterval(watch);
    setTimeout(() => stop.abort(), EXIT_GRACE_MS).unref();
  }, 500);
  const code = await runInTerminal(command, { ...process.env, ...env }, stop);
  clearInterval(watch);

  if (!existsSync(results)) {
    log(`jest ended without results (exit code ${code})`);
    return { passed: 0, failed: 1 };
  }
  const report = JSON.parse(readFileSync(results, 'utf8'));
  const passed = report.numPassedTests;
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  return { passed, failed: failed === 0 && !report.success ? 1 : failed };
}
