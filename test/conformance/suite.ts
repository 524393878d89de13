/** Everything the suite consists of; `session.mjs` has made jasmine global and named the backend. */
import '@tensorflow/tfjs-backend-cpu';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { env, type DataId } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util';
import { cacheValues } from '../../src/host/data-mover';
import { needsEventPump } from '../../src/host/read-sync';
import '../../src/index';

declare const conformanceBackend: string;
/** Defaults of this package's flags. */
declare const conformanceFlags: Readonly<Record<string, boolean>>;

// Stock reads synchronously through a canvas, which Node lacks; a spec that expects an error must
// not pass because of that.
const { readSync } = WebGPUBackend.prototype;
if (needsEventPump()) {
  WebGPUBackend.prototype.readSync = function (this: WebGPUBackend, dataId: DataId) {
    cacheValues(this, dataId);
    return readSync.call(this, dataId);
  };
}

// The suite makes hundreds of backends, and none of them frees its device. Later: a spec may end
// before what it reads has arrived.
const { dispose } = WebGPUBackend.prototype;
WebGPUBackend.prototype.dispose = function (this: WebGPUBackend) {
  dispose.call(this);
  setTimeout(() => this.device.destroy(), 2000);
};

// Defaults, not settings: the suite resets all settings between its parts.
for (const [name, value] of Object.entries(conformanceFlags)) env().registerFlag(name, () => value);
setTestEnvs([
  {
    name: 'conformance',
    backendName: conformanceBackend,
    flags: { WEBGPU_CPU_FORWARD: false },
    isDataSync: true,
  },
]);
// Registers the specs, for the environments known by now; so not an import, which would be hoisted.
// eslint-disable-next-line @typescript-eslint/no-require-imports
require('@tensorflow/tfjs-core/dist/tests');
