// How `npm run check:commands` runs each command of the documentation: to its end, shorter, or why not.

/**
 * @typedef {object} Row
 * @property {string[]} says the command as pages write it
 * @property {string} [run] what is run, where that is not the first of them: an example of its placeholders, or less of it
 * @property {RegExp} [until] what it has to print, after which it is ended; without, it has to end well by itself
 * @property {number} [exit] how it ends, where that is not with 0
 * @property {'clone' | 'app'} [in] a clean clone, or an app's folder with the packed package
 * @property {string} [not] why it is not run
 */

const TESTS = /^\S*PASS|^\s+✓ /m;
const NAME = 'tfjs-backend-webgpu-fused';

/** In this order: what installs comes first. @type {Row[]} */
export const ROWS = [
  // In a folder of an app.
  {
    says: [`npm install @tensorflow/tfjs @tensorflow/tfjs-backend-webgpu ${NAME}`],
    in: 'app',
  },
  { says: ['npm install webgpu'], in: 'app' },
  {
    says: [`npx ${NAME} explain path/to/model.json`],
    run: `npx ${NAME} explain model.json`,
    in: 'app',
  },
  {
    says: [
      `npx ${NAME} explain model.json --html report.html`,
      `npx ${NAME} explain path/to/model.json --html report.html`,
    ],
    in: 'app',
  },
  { says: [`npx ${NAME} doctor`], in: 'app' },
  {
    says: [`npx ${NAME} bench model.json`, `npx ${NAME} bench`],
    run: `npx ${NAME} bench model.json --reps 2 --warmups 2`,
    in: 'app',
  },

  // In a clone.
  {
    says: [`git clone <this repository> && cd ${NAME}`],
    not: 'the clone is there: this command made it',
  },
  // From the empty clone, as the README says: it installs packages and driver by itself.
  { says: ['npm run demo'] },
  { says: ['npm ci', 'npm ci && npm run build'], run: 'npm ci && npm run build' },
  { says: ['npm run build'] },
  { says: ['npm test'], until: /\[test\] typecheck: ok/ },
  { says: ['npm run size'] },
  { says: ['npm run typecheck'] },
  { says: ['npm run lint'] },
  { says: ['npm run rooms'] },
  { says: ['npm run format'] },
  { says: ['npm run lint:fix'] },
  { says: ['npm run test:unit'], until: TESTS },
  { says: ['npm run test:gpu'], until: TESTS },
  {
    says: ['npm run test:gpu -- -t softmax test/gpu/x.test.ts'],
    run: 'npm run test:gpu -- -t matMul test/gpu/smoke.test.ts',
  },
  { says: ['npm run test:gpu -- test/gpu/kernels/cumulative.test.ts'] },
  { says: ['npm run test:lossy'], until: TESTS },
  { says: ['npm run test:exhaustive'], until: TESTS },
  { says: ['npm run test:package'], until: TESTS },
  { says: ['npm run test:examples'], until: TESTS },
  { says: ['npm run test:plants'], until: TESTS },
  { says: ['npm run test:mutants'], run: 'npm run test:mutants -- --only 1' },
  { says: ['npm run test:packed'], run: 'npm run test:packed -- esbuild' },
  { says: ['npm run test:tfjs'], run: 'npm run test:tfjs -- 4.20.0' },
  {
    says: ['npm run test:conformance'],
    run: "npm run test:conformance -- --filter 'relu'",
  },
  {
    says: ['npm run test:conformance -- --flags all'],
    run: "npm run test:conformance -- --flags all --filter 'relu'",
  },
  {
    says: ['npm run test:conformance -- --browser'],
    run: "npm run test:conformance -- --browser --filter 'relu'",
  },
  {
    says: ['npm run test:apps', 'npm run build && npm run test:apps'],
    run: 'npm run test:apps -- nsfwjs --node',
  },
  { says: ['npm run fuzz -- --help'] },
  { says: ['npm run fuzz -- --figures'] },
  {
    says: ['npm run fuzz -- --minutes N [--seed S] [--kind K] [--null]'],
    run: 'npm run fuzz -- --seeds 1 --seed 7 --kind rules',
  },
  {
    says: ['npm run soak', 'npm run soak -- --minutes N', 'npm run soak -- --minutes 10'],
    until: /after [\d.]+ minutes, \d+ turns/,
  },
  { says: ['npm run transcripts'], until: /^### the quick start/m },
  {
    says: ['node tools/with-gpu.mjs <command>', 'tsx bench/models.ts'],
    run: 'node tools/with-gpu.mjs tsx bench/models.ts --list',
  },

  { says: ['npm run demo:web'], until: /Open http:/ },
  { says: ['npm run site'], run: 'npm run site -- --bundled' },
  { says: ['npm run docs'] },
  { says: ['npm run picture'] },
  { says: ['npm run screenshots'], run: 'npm run screenshots -- without-webgpu' },
  {
    says: ['npm run check:netron -- FOLDER'],
    not: 'the pages of Netron are in no package of npm: whoever has them names their folder',
  },
  { says: ['npm run check:commands'], not: 'it is what runs' },
  { says: ['npm run release:check'], exit: 1 },
  { says: ['node examples/bundler/build.mjs'] },
  { says: ['node tools/run-examples.mjs script-tag'] },
  { says: ['node tools/run-examples.mjs bundler'] },
  { says: ['node tools/run-examples.mjs custom-fusion'] },
  { says: ['node tools/run-examples.mjs node'] },
  { says: ['node tools/run-examples.mjs notebook'] },
  { says: ['node tools/run-examples.mjs --serve'], until: /Ctrl-C stops/ },

  // Benchmarks: the first line that is measured or begun.
  { says: ['npm run bench:models'], until: /\[bench\] .*: / },
  {
    says: ['npm run bench:models -- blazeface meet', 'npm run bench:models -- --json report.json'],
    run: 'npm run bench:models -- blazeface --no-first --reps 1 --seeds 1 --leak-runs 2 --json report.json',
  },
  {
    says: ['npm run bench:models -- --candidate webgpu'],
    run: 'npm run bench:models -- magika --candidate webgpu --no-first --reps 1 --seeds 1 --leak-runs 2',
  },
  { says: ['npm run bench:busy'], until: /1\/\d+ / },
  { says: ['npm run bench:kernels'], until: /GB\/s/ },
  { says: ["npm run bench:kernels -- --filter '3×3'"], until: /1\/\d+ / },
  { says: ['npm run bench:accuracy'], until: /\[bench\] .*, / },
  { says: ['npm run bench:capture'], until: /\[bench\] .*: / },
  { says: ['npm run bench:capture -- --no-wall meet'], until: /\[bench\] .*: / },
  { says: ['npm run bench:shapes'], until: /\[bench\] .* device: / },
  { says: ['npm run bench:frames'], until: /\[bench\] video/ },
  { says: ['npm run bench:eager'], until: /\[bench\] 1\/\d+ / },
  { says: ['npm run bench:first'], until: /\[bench\] .* device: / },
  { says: ['npm run bench:transformer'], until: /\[bench\] ./ },
  { says: ['npm run bench:peers'], until: /\[bench\] .*: / },
  { says: ['npm run isa'], until: /inst\/FMA/ },
];

/** Rows by what pages write. */
export const ROW_OF = new Map(ROWS.flatMap((row) => row.says.map((said) => [said, row])));
