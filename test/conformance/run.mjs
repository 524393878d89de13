// Runs the bundled suite on one backend: run.mjs <suite> <backend> <results.json> [filter]
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { installWebGPU } from '../../tools/gpu/install-webgpu.mjs';

const [suite, backend, resultsPath, filter = ''] = process.argv.slice(2);
const require = createRequire(import.meta.url);

installWebGPU();
// A name that TypeScript does not look up: the package has no types.
const jasmineRequire = require(/** @type {string} */ ('jasmine-core'));
const jasmine = jasmineRequire.boot(jasmineRequire);
Object.assign(globalThis, { jasmine, conformanceBackend: backend });
const environment = jasmine.getEnv();
jasmine.DEFAULT_TIMEOUT_INTERVAL = 60_000;
environment.configure({
  random: false,
  specFilter: (/** @type {{ getFullName(): string }} */ spec) =>
    spec.getFullName().includes(filter),
});

/** @type {Record<string, { status: string, message?: string }>} */
const results = {};
let done = 0;
environment.addReporter({
  /** @param {{ fullName: string, status: string, failedExpectations: { message: string }[] }} spec */
  specDone({ fullName, status, failedExpectations }) {
    results[fullName] = { status, message: failedExpectations[0]?.message.slice(0, 300) };
    if (status !== 'excluded' && ++done % 500 === 0) console.error(`${backend}: ${done} specs`);
  },
});
// Dawn's events need a timer to run by.
setInterval(() => {}, 1000);
console.warn = () => {};
process.on('unhandledRejection', (error) => console.error('unhandled rejection:', error));

require(suite);
await environment.execute();
writeFileSync(resultsPath, JSON.stringify(results));
process.exit(0);
