// WebGPU for a Node script, as a browser page has it:
//
//   import { installWebGPU } from '../tools/gpu/install-webgpu.mjs';
//   installWebGPU();
//   const tf = await import('@tensorflow/tfjs');     // after, so that it finds navigator.gpu
//   …
//   process.exit(0);                                 // on purpose: see below
//
// Start the script through tools/with-gpu.mjs, which finds or fetches an adapter.
import { create, globals } from 'webgpu';

/** Dawn frees the GPU when nobody holds it. @type {GPU[]} */
const held = [];

/**
 * Puts `navigator.gpu` and the WebGPU classes into a global scope.
 *
 * A timer is kept alive, for Dawn delivers its events from Node's event loop; so the script must
 * end with `process.exit`.
 *
 * @param {object} [settings]
 * @param {string[]} [settings.options] Dawn's, such as `backend=null` (nothing is computed: what
 *   remains is the cost of JavaScript and of the API) or `enable-dawn-features=…`
 * @param {object} [settings.scope] the global object to fill; this realm's by default
 * @param {GPU} [settings.gpu] one that exists, to be used again
 * @returns {GPU}
 */
export function installWebGPU({ options = [], scope = globalThis, gpu = create(options) } = {}) {
  if (held.length === 0) setInterval(() => {}, 5);
  if (!held.includes(gpu)) held.push(gpu);
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(scope, name, { value, configurable: true, writable: true });
  }
  const navigator = { gpu, userAgent: 'node', hardwareConcurrency: 1 };
  Object.defineProperty(scope, 'navigator', {
    value: navigator,
    configurable: true,
    writable: true,
  });
  return gpu;
}
