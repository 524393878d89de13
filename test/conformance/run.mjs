// Runs the bundled suite in Node: run.mjs <suite> <results.json> <side, as JSON>
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { installWebGPU } from '../../tools/gpu/install-webgpu.mjs';
import { startSession } from './session.mjs';

const [suite, resultsPath, text] = process.argv.slice(2);
/** @type {import('./session.mjs').Side} */
const side = JSON.parse(text);
const require = createRequire(import.meta.url);

installWebGPU();
// A name that TypeScript does not look up: the package has no types.
const jasmineRequire = require(/** @type {string} */ ('jasmine-core'));
const { environment, results } = startSession(jasmineRequire.boot(jasmineRequire), side, (done) =>
  console.error(`${side.backend}: ${done} specs`),
);
// Dawn's events need a timer to run by.
setInterval(() => {}, 1000);
process.on('unhandledRejection', (error) => console.error('unhandled rejection:', error));

require(suite);
await environment.execute();
writeFileSync(resultsPath, JSON.stringify(results));
process.exit(0);
